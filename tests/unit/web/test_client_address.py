"""Whose address it is: that of the nearest one that is no proxy of ours."""

from ipaddress import ip_address, ip_network

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.web.client_address import (
    TRUSTED_PROXIES,
    UNKNOWN,
    client_address,
    find_client,
    is_from_this_host,
    parse_address,
    setup_client_address,
)

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.5", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("::ffff:127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "::ffff:203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "198.51.100.9, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "127.0.0.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "203.0.113.5, 10.1.2.3", "203.0.113.5"),
        ("127.0.0.1", "2001:db8::7,fd00::1", "2001:db8::7"),
        ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "203.0.113.5, nonsense", "127.0.0.1"),
        ("127.0.0.1", "nonsense, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "203.0.113.5,", "127.0.0.1"),
    ],
)
def test_only_proxies_of_ours_are_believed(peer: str, forwarded_for: str, client: str) -> None:
    assert str(find_client(peer, forwarded_for, PROXIES)) == client


@given(st.text(max_size=60))
def test_who_is_no_proxy_cannot_choose_an_address(forwarded_for: str) -> None:
    assert find_client("192.0.2.1", forwarded_for, PROXIES) == ip_address("192.0.2.1")


@given(st.text(max_size=60))
def test_what_stands_left_of_the_client_says_nothing(said: str) -> None:
    assert find_client("127.0.0.1", f"{said}, 203.0.113.5", PROXIES) == ip_address("203.0.113.5")


def test_text_that_is_no_address_is_none() -> None:
    assert [parse_address(text) for text in ("", "x", "1.2.3.4:5", "[::1]")] == [None] * 4


def request(remote: str, trusted: bool, **headers: str) -> web.Request:
    app = web.Application()
    app[TRUSTED_PROXIES] = PROXIES if trusted else ()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", named, app=app).clone(remote=remote)


def test_the_client_of_a_request_is_named() -> None:
    forwarded = request("127.0.0.1", True, X_Forwarded_For="203.0.113.5")
    assert client_address(forwarded) == "203.0.113.5"
    assert client_address(request("", True)) == UNKNOWN


@pytest.mark.parametrize("trusted", [True, False])
def test_a_client_on_this_host_is_known(trusted: bool) -> None:
    assert is_from_this_host(request("127.0.0.1", trusted))
    assert not is_from_this_host(request("192.0.2.1", trusted))
    assert not is_from_this_host(request("", trusted))


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"])
def test_behind_a_proxy_we_do_not_know_nobody_is_on_this_host(header: str) -> None:
    assert not is_from_this_host(request("127.0.0.1", False, **{header: "127.0.0.1"}))


def test_behind_a_proxy_of_ours_only_who_is_here_is_on_this_host() -> None:
    assert is_from_this_host(request("10.0.0.1", True, X_Forwarded_For="127.0.0.1"))
    assert not is_from_this_host(request("127.0.0.1", True, X_Forwarded_For="203.0.113.5"))


async def test_records_of_a_request_name_its_client() -> None:
    async def note(request: web.Request) -> web.Response:
        del request
        return web.json_response(structlog.contextvars.get_contextvars())

    app = web.Application()
    setup_client_address(app, PROXIES)
    app.router.add_get("/", note)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/", headers={"X-Forwarded-For": "203.0.113.5"}) as answer:
            assert await answer.json() == {"address": "203.0.113.5"}
        async with client.get("/") as answer:
            assert await answer.json() == {"address": "127.0.0.1"}
