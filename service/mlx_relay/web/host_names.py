"""Text in; the host it names, if it names one in one spelling only, out. Pure.

Looks at the raw text, because URL libraries repair it (``ex\\r\\nample`` becomes ``example``) and
resolvers take more than they show (``0x7f000001`` is 127.0.0.1).
"""

import ipaddress
import re

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")
_AUTHORITY = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>[0-9]{0,5}))?"
)
MAX_LENGTH = 253


def is_host(text: str) -> bool:
    """Return whether *text* is a DNS name or an IP address in its canonical spelling."""
    if not text or len(text) > MAX_LENGTH:
        return False
    if _NAME.fullmatch(text) and not _ENDS_IN_A_NUMBER.fullmatch(text):
        return True
    return is_address(text)


def is_address(host: str) -> bool:
    """Return whether *host* is an IP address in its canonical spelling."""
    try:
        return str(ipaddress.ip_address(host)) == host and "%" not in host
    except ValueError:
        return False


def host_of(authority: str) -> str | None:
    """Return the host in ``host``, ``host:port`` or ``[address]:port``; None if it is none."""
    found = _AUTHORITY.fullmatch(authority)
    if not found or int(found["port"] or 0) > 65535:
        return None
    if found["bracketed"]:
        return _canonical(found["bracketed"])
    return found["host"] if is_host(found["host"]) else None


def normal_host(host: str) -> str:
    """Return *host* as it compares with others: in lower case, without the root's dot."""
    return host.lower().removesuffix(".")


def _canonical(text: str) -> str | None:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        return None
