"""Text to yes or no: is it the name or the address of a host, in one spelling only? Pure.

Looks at the raw text, because URL libraries repair it (``ex\\r\\nample`` becomes ``example``) and
resolvers take more than they show (``0x7f000001`` is 127.0.0.1).
"""

import ipaddress
import re

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")
MAX_LENGTH = 253


def is_host(text: str) -> bool:
    """Return whether *text* is a DNS name or an IP address in its canonical spelling."""
    if not text or len(text) > MAX_LENGTH:
        return False
    if _NAME.fullmatch(text) and not _ENDS_IN_A_NUMBER.fullmatch(text):
        return True
    try:
        return str(ipaddress.ip_address(text)) == text and "%" not in text
    except ValueError:
        return False
