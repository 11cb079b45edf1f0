"""A change that a browser signed with its cookie must come from our own page."""

import pytest
from aiohttp.test_utils import make_mocked_request

from mlx_relay.auth.same_origin import check_same_origin
from mlx_relay.errors import Forbidden

JSON = {"Host": "mac.local:8080", "Content-Type": "application/json"}
OWN = {**JSON, "Origin": "http://mac.local:8080"}


def check(headers: dict[str, str], method: str = "POST") -> None:
    check_same_origin(make_mocked_request(method, "/api/keys", headers))


@pytest.mark.parametrize(
    "headers",
    [
        OWN,
        {**JSON, "Origin": "https://mac.local:8080"},
        {**JSON, "Sec-Fetch-Site": "same-origin"},
        {**JSON, "Sec-Fetch-Site": "same-origin", "Origin": "https://chat.example"},
        {**OWN, "Content-Type": "application/json; charset=utf-8"},
    ],
)
def test_our_own_page_may_change_things(headers: dict[str, str]) -> None:
    check(headers)


@pytest.mark.parametrize(
    "headers",
    [
        JSON,
        {**JSON, "Origin": "null"},
        {**JSON, "Origin": ""},
        {**JSON, "Origin": "http://evil.example"},
        {**JSON, "Origin": "http://mac.local"},
        {**JSON, "Origin": "http://mac.local:8080.evil.example"},
        {**JSON, "Origin": "http://[broken"},
        {**OWN, "Sec-Fetch-Site": "cross-site"},
        {**OWN, "Sec-Fetch-Site": "same-site"},
        {**OWN, "Sec-Fetch-Site": "none"},
        {**OWN, "Content-Type": "text/plain"},
        {**OWN, "Content-Type": "application/x-www-form-urlencoded"},
        {"Host": "mac.local:8080", "Origin": "http://mac.local:8080"},
    ],
)
def test_nobody_else_may(headers: dict[str, str]) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        with pytest.raises(Forbidden):
            check(headers, method)


def test_looking_is_free() -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        check({"Sec-Fetch-Site": "cross-site"}, method)
