"""A request brings one credential, and there is one place that looks for it."""

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from mlx_relay.auth.credentials import Credential, find_credential
from mlx_relay.errors import Unauthorized

COOKIE = "mlx_relay_session"


def find(*headers: tuple[str, str], path: str = "/api/auth/me") -> Credential:
    return find_credential(make_mocked_request("GET", path, CIMultiDict(headers)), COOKIE)


def reason_for(*headers: tuple[str, str], path: str = "/api/auth/me") -> str:
    with pytest.raises(Unauthorized) as caught:
        find(*headers, path=path)
    return caught.value.reason


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " bearer"])
def test_a_bearer_token_is_found_however_the_scheme_is_written(scheme: str) -> None:
    assert find(("Authorization", f"{scheme} abc")) == Credential("token", "abc")
    assert find(("authorization", f"{scheme}   abc ")) == Credential("token", "abc")


def test_an_api_key_is_told_from_a_token_by_its_prefix() -> None:
    assert find(("Authorization", "Bearer mlxr_abc")) == Credential("api_key", "mlxr_abc")


def test_the_cookie_is_found() -> None:
    assert find(("Cookie", f"theme=dark; {COOKIE}=abc")) == Credential("cookie", "abc")


def test_the_header_wins_over_the_cookie_even_when_it_is_bad() -> None:
    cookie = ("Cookie", f"{COOKIE}=abc")
    assert find(cookie, ("Authorization", "Bearer def")) == Credential("token", "def")
    assert reason_for(cookie, ("Authorization", "Basic def")) == "malformed"


def test_two_headers_are_refused() -> None:
    header = ("Authorization", "Bearer abc")
    assert reason_for(header, header) == "two_headers"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"])
def test_another_scheme_is_malformed(header: str) -> None:
    assert reason_for(("Authorization", header)) == "malformed"


def test_nothing_is_missing_and_nothing_else_is_a_channel() -> None:
    assert reason_for() == "missing"
    assert reason_for(("Cookie", f"{COOKIE}=")) == "missing"
    assert reason_for(("Cookie", "other=abc")) == "missing"
    assert reason_for(("X-API-Key", "abc"), ("Proxy-Authorization", "Bearer abc")) == "missing"
    assert reason_for(path="/api/auth/me?access_token=abc&token=abc") == "missing"
