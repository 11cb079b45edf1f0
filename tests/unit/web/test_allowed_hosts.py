"""To which names the server answers."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from mlx_relay.web.allowed_hosts import is_allowed, names_of, setup_allowed_hosts
from mlx_relay.web.answers import empty_answer
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.host_names import is_address

ALLOWED = frozenset({"localhost", "mac.local"})


async def answer(request: web.Request) -> web.Response:
    del request
    return empty_answer()


@pytest.mark.parametrize(
    "authority",
    [
        "localhost",
        "LOCALHOST:8080",
        "mac.local.",
        "mac.local:80",
        "mac.local:",
        "127.0.0.1",
        "192.168.1.20:8080",
        "[::1]:8080",
        "[FD00::1]",
    ],
)
def test_addresses_and_listed_names_are_ours(authority: str) -> None:
    assert is_allowed(authority, ALLOWED)


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "evil.mac.local",
        "mac.local@evil.example",
        "mac.local, evil.example",
        "mac.local/../b?x",
        "mac.local:port",
        "0x7f000001",
        "127.1",
        "\udcff\udce9",
    ],
)
def test_every_other_authority_is_not(authority: str) -> None:
    assert not is_allowed(authority, ALLOWED)


@pytest.mark.parametrize("hostname", ["studio", "studio.local", "studio.lan"])
def test_a_computer_is_called_by_its_name_and_by_that_in_local(hostname: str) -> None:
    assert names_of(hostname) == {"localhost", "studio", "studio.local", hostname}


@pytest.fixture
def app() -> web.Application:
    made = web.Application()
    setup_errors(made)
    setup_allowed_hosts(made, ["Chat.Example."])
    made.router.add_get("/", answer)
    return made


@pytest.mark.parametrize(
    ("host", "status"),
    [("chat.example", 204), ("localhost:99", 204), ("10.0.0.7", 204), ("evil.example", 421)],
)
async def test_a_request_for_another_name_is_misdirected(
    app: web.Application, host: str, status: int
) -> None:
    async with (
        TestClient(TestServer(app)) as client,
        client.get("/", headers={"Host": host}) as answered,
    ):
        assert answered.status == status
        if status == 421:
            assert (await answered.json())["error"]["code"] == "misdirected"
            assert answered.headers["Connection"] == "close"


PIECES = (
    *("localhost", "mac.local", "evil.example", "127.0.0.1", "[::1]", "::1", "0x7f", "1", "80"),
    *(
        "@",
        ":",
        "/",
        "?",
        "#",
        "\\",
        ".",
        ",",
        "%",
        "[",
        "]",
        " ",
        "\t",
        "\x00",
        "\udcff",
        "\u3002",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_what_is_allowed_is_to_a_browser_an_address_or_a_name_of_ours(authority: str) -> None:
    if is_allowed(authority, ALLOWED):
        host = URL(f"http://{authority}/").host
        assert host is not None
        assert is_address(host) or host.rstrip(".") in ALLOWED
