"""Signing in and out, and what does not work."""

import time
from http.cookies import SimpleCookie
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.storage import open_database
from mlx_relay.web.client_address import TRUSTED_PROXIES

from .conftest import CHEAP_HASH, PASSWORD, SIGNER, Edge, make_app

LOGIN = "/api/auth/login"


def form(username: str = "bob", password: str = PASSWORD) -> dict[str, str]:
    return {"username": username, "password": password}


async def test_the_right_password_gets_a_token_that_works(edge: Edge) -> None:
    status, body = await edge.send("POST", LOGIN, form())
    assert status == 200
    assert body == {
        "access_token": body["access_token"],
        "token_type": "bearer",
        "expires_in": 900,
    }
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert await edge.send("GET", "/api/auth/me", headers=headers) == (
        200,
        {"id": edge.user.id, "name": "bob", "role": "user"},
    )


async def test_a_browser_gets_a_cookie_that_scripts_cannot_read(edge: Edge) -> None:
    async with edge.client.post(LOGIN, json=form()) as answer:
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["mlx_relay_session"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/", "900")
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert SIGNER.verify(cookie.value, now=time.time()).user_id == edge.user.id
    async with edge.client.get("/api/auth/me") as answer:
        assert answer.status == 200


async def test_under_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        await database.repository.add_user("bob", CHEAP_HASH)
        app = make_app(database, secure_cookie=True)
        async with (
            TestClient(TestServer(app)) as client,
            client.post(LOGIN, json=form()) as answer,
        ):
            cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-mlx_relay_session"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]


async def test_unknown_wrong_and_disabled_look_the_same(edge: Edge) -> None:
    eve = await edge.repository.add_user("eve", CHEAP_HASH)
    await edge.repository.change_user(eve.id, disabled=True)
    answers = []
    for attempt in (form("nobody"), form(password="wrong"), form("eve"), form("BOB")):
        async with edge.client.post(LOGIN, json=attempt) as answer:
            body = await answer.json()
            del body["error"]["request_id"]
            assert "Set-Cookie" not in answer.headers
            answers.append((answer.status, answer.headers["Content-Length"], body))
    assert answers[0][0] == 401
    assert all(answer == answers[0] for answer in answers)


async def test_the_sixth_try_is_refused_even_with_the_right_password(edge: Edge) -> None:
    for _ in range(5):
        assert (await edge.send("POST", LOGIN, form(password="wrong")))[0] == 401
    async with edge.client.post(LOGIN, json=form()) as answer:
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 901
        assert (await answer.json())["error"]["code"] == "rate_limited"
    assert (await edge.send("POST", LOGIN, form("ada")))[0] == 200


async def test_guesses_are_counted_by_the_address_behind_a_proxy_of_ours(edge: Edge) -> None:
    edge.set(TRUSTED_PROXIES, (ip_network("127.0.0.1"),))
    wrong = form(password="wrong")
    for _ in range(5):
        await edge.send("POST", LOGIN, wrong, headers={"X-Forwarded-For": "203.0.113.5"})
    for address, status in (("203.0.113.5", 429), ("203.0.113.6", 401)):
        headers = {"X-Forwarded-For": f"198.51.100.1, {address}"}
        assert (await edge.send("POST", LOGIN, wrong, headers=headers))[0] == status


async def test_a_hash_of_older_costs_is_renewed_and_ends_no_session(edge: Edge) -> None:
    token = edge.bearer(edge.user)
    assert (await edge.send("POST", LOGIN, form()))[0] == 200
    renewed = await edge.repository.password_hash(edge.user.id)
    assert renewed != CHEAP_HASH
    assert (await edge.send("GET", "/api/auth/me", headers=token))[0] == 200
    assert (await edge.send("POST", LOGIN, form()))[0] == 200
    assert await edge.repository.password_hash(edge.user.id) == renewed


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "username: It is required."),
        ({"username": "bob"}, "password: It is required."),
        (form() | {"role": "admin"}, "role: There is no such field."),
        (form() | {"password": 1}, "password: Expected string, got integer."),
        (form(password="x" * 1025), "password: It may be at most 1024 bytes long."),
        (form(username="x" * 65), "username: Expected string of length <= 64."),
        (form(username="a\0b"), "username: It may hold printable characters only"),
        ([], "Expected object, got array."),
    ],
)
async def test_a_bad_form_is_named(edge: Edge, body: object, complaint: str) -> None:
    status, answer = await edge.send("POST", LOGIN, body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert answer["error"]["message"].startswith(complaint)


async def test_signing_out_takes_the_cookie_away_and_leaves_the_others(edge: Edge) -> None:
    other = edge.bearer(edge.user)
    async with edge.client.post(
        "/api/auth/logout", headers=await edge.sign_in(edge.user)
    ) as answer:
        assert answer.status == 204
        cookie = SimpleCookie(answer.headers["Set-Cookie"])["mlx_relay_session"]
    assert (cookie.value, cookie["max-age"]) == ("", "0")
    assert (await edge.send("GET", "/api/auth/me", headers=other))[0] == 200


async def test_a_token_ends_with_the_sign_in_that_it_names(edge: Edge) -> None:
    leaving, staying = await edge.sign_in(edge.user), await edge.sign_in(edge.user)
    assert (await edge.send("GET", "/api/auth/me", headers=leaving))[0] == 200
    assert (await edge.send("POST", "/api/auth/logout", headers=leaving))[0] == 204
    assert (await edge.send("GET", "/api/auth/me", headers=leaving))[0] == 401
    assert (await edge.send("GET", "/api/auth/me", headers=staying))[0] == 200


async def test_a_new_password_ends_every_token_but_the_one_in_the_answer(edge: Edge) -> None:
    old = edge.bearer(edge.user)
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    status, body = await edge.send("POST", "/api/auth/password", change, headers=old)
    assert status == 200
    edge.client.session.cookie_jar.clear()
    assert (await edge.send("GET", "/api/auth/me", headers=old))[0] == 401
    new = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await edge.send("GET", "/api/auth/me", headers=new))[0] == 200
    assert (await edge.send("POST", LOGIN, form()))[0] == 401
    assert (await edge.send("POST", LOGIN, form(password="battery staple")))[0] == 200


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"current_password": "wrong", "new_password": "battery staple"}, "current_password: It"),
        ({"current_password": PASSWORD, "new_password": "short"}, "new_password: Expected string"),
        ({"current_password": PASSWORD, "new_password": "é" * 600}, "new_password: It may be at"),
        ({"new_password": "battery staple"}, "current_password: It is required."),
    ],
)
async def test_a_bad_new_password_changes_nothing(
    edge: Edge, change: dict[str, str], complaint: str
) -> None:
    status, answer = await edge.as_plain_user("POST", "/api/auth/password", change)
    assert status == 422
    assert answer["error"]["message"].startswith(complaint)
    assert await edge.repository.user(edge.user.id) == edge.user


async def test_guessing_the_current_password_is_throttled_too(edge: Edge) -> None:
    change = {"current_password": "wrong", "new_password": "battery staple"}
    statuses = [
        (await edge.as_plain_user("POST", "/api/auth/password", change))[0] for _ in range(6)
    ]
    assert statuses == [422] * 5 + [429]


async def test_a_token_that_another_server_signed_is_refused(edge: Edge) -> None:
    other = TokenSigner(bytes(32), lifetime_seconds=900)
    token = other.issue(edge.user.id, 0, "s", now=time.time())
    headers = {"Authorization": f"Bearer {token}"}
    assert (await edge.send("GET", "/api/auth/me", headers=headers))[0] == 401
