"""A browser stays signed in: its tokens follow each other, and an old one ends it all."""

from http.cookies import SimpleCookie
from typing import Any

import pytest

from mlx_relay.auth.refresh_tokens import RefreshSigner

from .conftest import PASSWORD, SIGNING_KEY, Edge

LOGIN = "/api/auth/login"
REFRESH = "/api/auth/refresh"
NAMES = ("mlx_relay_session", "mlx_relay_refresh")


class Browser:
    """Keeps the cookies that it is given, and sends what it is told to."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.cookies: dict[str, str] = {}
        self.flags: dict[str, Any] = {}

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> int:
        """Send as our own page does."""
        self._edge.client.session.cookie_jar.clear()
        url = self._edge.client.make_url("/")
        ours = {
            "Content-Type": "application/json",
            "Origin": str(url.origin()),
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        async with self._edge.client.request(
            method, path, json=body if body is not None else {}, headers=ours | headers
        ) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
                    self.flags[name] = morsel
            return answer.status

    async def log_in(self) -> None:
        assert await self.send("POST", LOGIN, {"username": "bob", "password": PASSWORD}) == 200

    def with_old_cookies(self, cookies: dict[str, str]) -> "Browser":
        other = Browser(self._edge)
        other.cookies = dict(cookies)
        return other


@pytest.fixture
async def browser(edge: Edge) -> Browser:
    opened = Browser(edge)
    await opened.log_in()
    return opened


async def test_signing_in_gives_a_second_cookie_that_lives_a_week(browser: Browser) -> None:
    flags = browser.flags["mlx_relay_refresh"]
    assert flags["httponly"]
    assert (flags["samesite"], flags["path"]) == ("Strict", "/")
    assert 7 * 86_400 - 60 < int(flags["max-age"]) <= 7 * 86_400


async def test_a_refresh_gives_a_session_and_the_next_token(browser: Browser) -> None:
    before = dict(browser.cookies)
    assert await browser.send("POST", REFRESH) == 200
    assert all(browser.cookies[name] != before[name] for name in NAMES)
    del browser.cookies["mlx_relay_refresh"]
    assert await browser.send("GET", "/api/auth/me") == 200


async def test_it_needs_no_session_that_still_works(browser: Browser) -> None:
    browser.cookies["mlx_relay_session"] = "expired"
    assert await browser.send("POST", REFRESH) == 200
    assert await browser.send("GET", "/api/auth/me") == 200


async def test_a_second_tab_with_the_same_token_gets_the_same_next_one(browser: Browser) -> None:
    second = browser.with_old_cookies(browser.cookies)
    assert await browser.send("POST", REFRESH) == 200
    assert await second.send("POST", REFRESH) == 200
    assert second.cookies["mlx_relay_refresh"] == browser.cookies["mlx_relay_refresh"]
    assert await browser.send("POST", REFRESH) == 200


async def test_an_old_token_ends_the_sign_in(browser: Browser) -> None:
    thief = browser.with_old_cookies(browser.cookies)
    for _ in range(2):
        assert await browser.send("POST", REFRESH) == 200
    assert await thief.send("POST", REFRESH) == 401
    assert await browser.send("POST", REFRESH) == 401


async def test_signing_out_ends_the_sign_in_even_when_the_session_has_run_out(
    browser: Browser,
) -> None:
    copied = browser.with_old_cookies(browser.cookies)
    browser.cookies["mlx_relay_session"] = "expired"
    assert await browser.send("POST", "/api/auth/logout") == 204
    assert [browser.cookies[name] for name in NAMES] == ["", ""]
    assert await copied.send("POST", REFRESH) == 401


async def test_another_browser_of_the_user_stays_signed_in(edge: Edge, browser: Browser) -> None:
    other = Browser(edge)
    await other.log_in()
    await browser.send("POST", "/api/auth/logout")
    assert await other.send("POST", REFRESH) == 200


async def test_a_new_password_keeps_this_browser_and_ends_the_others(
    edge: Edge, browser: Browser
) -> None:
    other = Browser(edge)
    await other.log_in()
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    assert await browser.send("POST", "/api/auth/password", change) == 200
    assert await other.send("POST", REFRESH) == 401
    assert await browser.send("POST", REFRESH) == 200


async def test_a_disabled_user_stays_out(edge: Edge, browser: Browser) -> None:
    await edge.repository.change_user(edge.user.id, disabled=True)
    assert await browser.send("POST", REFRESH) == 401


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.1.b",
        "' OR 1=1--",
        "x" * 5000,
        RefreshSigner(bytes(32)).issue("0" * 32, 1),
        RefreshSigner(SIGNING_KEY).issue("0" * 32, 1),
    ],
)
async def test_a_token_that_names_no_sign_in_is_refused(edge: Edge, token: str) -> None:
    stranger = Browser(edge)
    stranger.cookies["mlx_relay_refresh"] = token
    assert await stranger.send("POST", REFRESH) == 401
    assert await stranger.send("POST", "/api/auth/logout") == 204


async def test_another_site_can_neither_renew_nor_sign_out(browser: Browser) -> None:
    for path in (REFRESH, "/api/auth/logout"):
        assert await browser.send("POST", path, Origin="http://evil.example") == 403
    assert await browser.send("POST", REFRESH) == 200


async def test_a_session_is_no_refresh_token_and_a_refresh_token_no_session(
    browser: Browser,
) -> None:
    session, token = (browser.cookies[name] for name in NAMES)
    browser.cookies = {"mlx_relay_session": token, "mlx_relay_refresh": session}
    assert await browser.send("GET", "/api/auth/me") == 401
    assert await browser.send("POST", REFRESH) == 401
