"""Where connections may go, in all the spellings of an address."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import ConfigurationError, InvalidRequest
from mlx_relay.upstream.addresses import AddressPolicy

LOCAL = ["127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.5"]
LOCAL_V6 = ["::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::192.168.1.5"]
NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]
NEVER_V6 = [
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:42::42",
    "::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "2001:0:a9fe:a9fe::1",
    "2002:a9fe:a9fe::1",
    "2002:a00:1::1",
    "2002:808:808::1",
]
PUBLIC = ["8.8.8.8", "192.0.2.1", "172.15.0.1", "172.32.0.1", "100.64.0.1", "2606:4700::1111"]
IN_IPV6 = ["::{0}", "::ffff:{0}", "::ffff:0:{0}", "64:ff9b::{0}"]


@pytest.mark.parametrize("address", [*LOCAL, *LOCAL_V6])
def test_this_machine_and_the_local_network_are_admitted(address: str) -> None:
    assert AddressPolicy().admits("mac.local", address)


@pytest.mark.parametrize("address", [*NEVER, *NEVER_V6])
def test_metadata_and_addresses_that_are_no_servers_are_denied_even_when_listed(
    address: str,
) -> None:
    everything = AddressPolicy(["0.0.0.0/0", "::/0", "evil.example"])
    assert not AddressPolicy().admits("evil.example", address)
    assert not everything.admits("evil.example", address)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("form", IN_IPV6)
def test_ipv6_does_not_hide_an_ipv4_address(address: str, form: str) -> None:
    everything = AddressPolicy(["0.0.0.0/0", "::/0"])
    assert not everything.admits("evil.example", form.format(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_denied_unless_its_address_or_the_name_is_listed(address: str) -> None:
    assert not AddressPolicy().admits("mlx.example", address)
    assert AddressPolicy([address]).admits("other.example", address)
    assert AddressPolicy(["0.0.0.0/0", "::/0"]).admits("other.example", address)
    listed = AddressPolicy(["MLX.example."])
    assert listed.admits("mlx.example", address)
    assert listed.admits("Mlx.Example.", address)
    assert not listed.admits("other.example", address)
    assert not listed.admits("sub.mlx.example", address)


@pytest.mark.parametrize("address", ["", "nonsense", "127.1", "0x7f000001", "1.2.3.4.5"])
def test_what_is_no_address_is_denied(address: str) -> None:
    assert not AddressPolicy().admits("mac.local", address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_ipv4_and_carried_by_ipv6(
    address: ipaddress.IPv4Address,
) -> None:
    policy = AddressPolicy(["128.0.0.0/2"])
    expected = policy.admits("h", str(address))
    assert policy.admits("h", f"::ffff:{address}") is expected
    assert policy.admits("h", f"64:ff9b::{address}") is expected


@given(st.ip_addresses())
def test_without_a_list_only_private_addresses_are_admitted(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    admitted = AddressPolicy().admits("h", str(address))
    assert not (admitted and (address.is_global or address.is_link_local or address.is_multicast))


@pytest.mark.parametrize("host", ["169.254.169.254", "8.8.8.8", "fe80::1%en0", "::"])
def test_a_profile_with_a_denied_address_is_refused(host: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^host: .*allowed_public_upstreams"):
        AddressPolicy().check_host(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.168.1.5", "mac.local", "mlx.example"])
def test_a_profile_with_a_local_address_or_with_any_name_may_be_saved(host: str) -> None:
    AddressPolicy().check_host(host)


@pytest.mark.parametrize("entry", ["", "*.example", "http://a", "a/b", "203.0.113.7/24", "1.2.3"])
def test_an_entry_that_is_neither_network_nor_name_is_a_wrong_setting(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed_public_upstreams"):
        AddressPolicy([entry])
