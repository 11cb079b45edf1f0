"""A host has one spelling."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.web.host_names import is_host


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
