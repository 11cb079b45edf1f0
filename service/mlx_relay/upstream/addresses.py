"""A host and the addresses it resolved to in; those a connection may go to, out. Pure.

Upstreams live on this machine and on the local network. Addresses at which clouds hand out secrets
are never among them, and an address of the internet only where an operator listed it. The address
itself is judged, after DNS, so that no name leads around it.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from mlx_relay.errors import ConfigurationError, InvalidRequest

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in text.split())


_LOCAL = _networks("127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7")
"""Loopback, RFC 1918, and unique local addresses (RFC 4193)."""

_METADATA = _networks(
    "100.100.100.200/32 168.63.129.16/32 192.0.0.0/24 "
    "fd00:ec2::/32 fd20:ce::254/128 fd00:42::42/128"
)
"""Where Alibaba, Azure, Oracle, Amazon, Google and Scaleway tell a machine its secrets.

The others use a link-local address.
"""

_NO_UPSTREAM = _networks(
    "0.0.0.0/8 169.254.0.0/16 224.0.0.0/4 240.0.0.0/4 "
    "::/128 fe80::/10 fec0::/10 ff00::/8 100::/64 64:ff9b:1::/48 2001::/32 2002::/16"
)
"""Unspecified, link-local, multicast, reserved, broadcast; discard, Teredo, 6to4, unknown NAT64.

Sources: the special-purpose registries of RFC 6890, RFC 8215, and RFC 7526.
"""

_ENDS_IN_IPV4 = _networks("::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96")
"""IPv4-compatible, -mapped, -translated (RFC 2765), and NAT64 (RFC 6052)."""


class AddressPolicy:
    """Says where connections may go. *listed*: networks and host names of public upstreams.

    Raises ConfigurationError for an entry that is neither.
    """

    def __init__(self, listed: Iterable[str] = ()) -> None:
        self._networks: list[Network] = []
        self._names: set[str] = set()
        for entry in listed:
            self._list(entry)
        # The same few are asked for, once a stream.
        self._verdict = lru_cache(maxsize=1024)(self._judge)

    def admits(self, host: str, address: str) -> bool:
        """Return whether a connection for *host* may go to the numeric *address*."""
        return self._verdict(host, address)

    def _judge(self, host: str, address: str) -> bool:
        try:
            target = _real(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if _is_in(target, _METADATA) or _is_in(target, _NO_UPSTREAM):
            return False
        return (
            _is_in(target, _LOCAL) or _is_in(target, self._networks) or _plain(host) in self._names
        )

    def check_host(self, host: str) -> None:
        """Raise InvalidRequest for an address that is not admitted; a name is judged later."""
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return
        if not self.admits(host, host):
            raise InvalidRequest(
                "host: No connection may go to this address. The setting "
                "allowed_public_upstreams lists those of the internet that may be used."
            )

    def _list(self, entry: str) -> None:
        try:
            self._networks.append(ipaddress.ip_network(entry))
        except ValueError:
            name = _plain(entry)
            if not name or not set(name) <= _NAME_CHARACTERS or name[-1].isdigit():
                raise ConfigurationError(
                    f"settings: allowed_public_upstreams: {entry!r} is neither a host name "
                    "nor a network like 203.0.113.0/24"
                ) from None
            self._names.add(name)


_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")


def _real(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address only carries."""
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return address
    if int(address) and _is_in(address, _ENDS_IN_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
