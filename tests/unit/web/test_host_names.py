"""A host has one spelling."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.web.host_names import host_of, is_address, is_host, normal_host


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "mac.local",
        "Mac-Studio.local",
        "gpu_1.lan",
        "a.b.c.",
        "xn--bcher-kva.example",
        "127.0.0.1",
        "192.168.1.20",
        "::1",
        "fd00::1",
        "1password.example",
        "a" * 63 + ".local",
    ],
)
def test_names_and_addresses_are_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ".",
        "a..b",
        ".local",
        "-a.local",
        "a-.local",
        "a" * 64,
        "a." * 127 + "a",
        "user@host",
        "user:password@host",
        "host:8000",
        "host/path",
        "host?x",
        "host#x",
        "http://host",
        "[::1]",
        "fe80::1%eth0",
        "0:0:0:0:0:0:0:1",
        "FD00::1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.0.0.01",
        "256.0.0.1",
        "1.2.3.4.5",
        "ex\r\nample",
        "example\n",
        "example\0",
        "exa mple",
        "bücher.example",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020.0.1",
    ],
)
def test_anything_else_is_none(host: str) -> None:
    assert not is_host(host)


@given(st.ip_addresses())
def test_every_address_is_a_host_in_its_canonical_spelling(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert is_host(str(address))


@given(st.text(max_size=300))
def test_a_host_is_plain_ascii_without_what_a_url_would_read_as_something_else(text: str) -> None:
    if is_host(text):
        assert text.isascii()
        assert not set(text) & set(" /\\?#@[]%<>\"'\r\n\t\0")


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("mac.local", "mac.local"),
        ("mac.local:8080", "mac.local"),
        ("mac.local:", "mac.local"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]:65535", "::1"),
        ("[FD00::1]", "fd00::1"),
    ],
)
def test_an_authority_names_a_host_with_or_without_a_port(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    "authority",
    [
        "",
        ":80",
        "a:65536",
        "a:123456",
        "a:-1",
        "a:+1",
        "a:1:2",
        "a: 1",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[127.0.0.1]",
        "[fe80::1%25eth0]",
        "[::1]x",
        "u@a",
        "a/b",
        "a\n",
        "a:8\u0661",
    ],
)
def test_any_other_authority_names_none(authority: str) -> None:
    assert host_of(authority) is None


@given(st.text(st.sampled_from("a1.:[]@/%-_ \n\u0661\udcff"), max_size=30))
def test_what_an_authority_names_is_a_host(authority: str) -> None:
    host = host_of(authority)
    assert host is None or is_host(host)


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_an_address_is_found_in_any_spelling(address: ipaddress.IPv6Address, port: int) -> None:
    for spelling in (str(address), address.exploded.upper()):
        assert host_of(f"[{spelling}]:{port}") == str(address)


def test_names_compare_without_case_and_without_the_roots_dot() -> None:
    assert normal_host("Mac.Local.") == normal_host("mac.local") == "mac.local"


def test_an_address_is_one_in_its_canonical_spelling_only() -> None:
    assert is_address("10.0.0.1")
    assert is_address("::1")
    assert not any(map(is_address, ["0:0::1", "fe80::1%eth0", "10.1", "mac.local"]))
