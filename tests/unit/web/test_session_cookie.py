"""The cookie's name says whether it is bound to the host."""

from aiohttp import web

from mlx_relay.web.session_cookie import REFRESH, SessionCookie


def test_only_a_secure_cookie_bears_the_host_prefix() -> None:
    assert SessionCookie(secure=True).name == "__Host-mlx_relay_session"
    assert SessionCookie(secure=False).name == "mlx_relay_session"


def test_a_cleared_cookie_keeps_the_flags_that_browsers_match() -> None:
    cookie = SessionCookie(secure=True)
    response = web.Response()
    cookie.clear(response)
    morsel = response.cookies[cookie.name]
    assert morsel["secure"]
    assert morsel["httponly"]
    assert (morsel["path"], morsel["samesite"]) == ("/", "Strict")


def test_the_refresh_token_has_a_cookie_of_its_own_bound_to_the_host_too() -> None:
    assert SessionCookie(secure=True, plain_name=REFRESH).name == "__Host-mlx_relay_refresh"
    assert SessionCookie(secure=False, plain_name=REFRESH).name == "mlx_relay_refresh"
