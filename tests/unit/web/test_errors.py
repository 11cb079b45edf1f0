"""Every error is the same JSON with its own status, and none tells a secret."""

import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, web
from aiohttp.client_exceptions import ClientPayloadError
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from mlx_relay import errors
from mlx_relay.web.errors import setup_errors

from .conftest import Client

SECRET = "correct horse"
FAILURES: dict[str, Exception] = {
    "bad_request": errors.BadRequest(),
    "invalid_json": errors.InvalidJson(),
    "unauthorized": errors.Unauthorized(),
    "forbidden": errors.Forbidden(),
    "not_found": errors.NotFound(),
    "profile_not_found": errors.ProfileNotFound(),
    "method_not_allowed": errors.MethodNotAllowed(),
    "request_timeout": errors.RequestTimeout(),
    "conflict": errors.Conflict(),
    "too_large": errors.TooLarge(),
    "unsupported_media_type": errors.UnsupportedMediaType(),
    "misdirected": errors.Misdirected(),
    "invalid_request": errors.InvalidRequest("port: Expected integer >= 1."),
    "rate_limited": errors.RateLimited(retry_after=17),
    "head_too_large": errors.HeadTooLarge(),
    "not_supported": errors.NotSupported(),
    "unavailable": errors.Unavailable(),
    "version_not_supported": errors.VersionNotSupported(),
    "internal": ValueError(SECRET),
}


async def fail(request: web.Request) -> web.Response:
    raise FAILURES[request.match_info["code"]]


async def fail_late(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half of an ans")
    raise ValueError(SECRET)


async def move(request: web.Request) -> web.Response:
    raise web.HTTPFound("/elsewhere")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    setup_errors(app)
    app.router.add_get("/fail/{code}", fail)
    app.router.add_get("/late", fail_late)
    app.router.add_get("/move", move)
    async with TestClient(TestServer(app)) as made:
        yield made


@pytest.mark.parametrize("code", FAILURES)
async def test_an_error_has_its_status_code_and_sentence(client: Client, code: str) -> None:
    with capture_logs():
        async with client.get(f"/fail/{code}") as answer:
            body = await answer.json()
    failure = FAILURES[code]
    ours = failure if isinstance(failure, errors.RequestError) else errors.RequestError()
    assert answer.status == ours.status
    assert body["error"] == {
        "code": code,
        "message": ours.message,
        "request_id": body["error"]["request_id"],
    }
    assert body["error"]["request_id"]


async def test_some_errors_say_what_to_do_next(client: Client) -> None:
    for code, header, value in (
        ("unauthorized", "WWW-Authenticate", "Bearer"),
        ("rate_limited", "Retry-After", "17"),
        ("unavailable", "Retry-After", "5"),
        ("too_large", "Connection", "close"),
        ("request_timeout", "Connection", "close"),
        ("bad_request", "Connection", "close"),
        ("misdirected", "Connection", "close"),
        ("head_too_large", "Connection", "close"),
        ("not_supported", "Connection", "close"),
        ("version_not_supported", "Connection", "close"),
    ):
        async with client.get(f"/fail/{code}") as answer:
            assert answer.headers[header] == value


async def test_who_brings_bad_credentials_is_told_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAILURES, "unauthorized", errors.Unauthorized(reason="expired"))
    async with client.get("/fail/unauthorized") as answer:
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert "expired" not in await answer.text()


async def test_a_bug_is_told_to_the_log_only(client: Client) -> None:
    with capture_logs() as records:
        async with client.get("/fail/internal") as answer:
            text = await answer.text()
    assert SECRET not in text
    assert "Traceback" not in text
    assert [record["event"] for record in records] == ["request_failed"]
    assert records[0]["request_id"] in text


async def test_the_errors_of_aiohttp_look_like_ours(client: Client) -> None:
    async with client.get("/nowhere") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")
    async with client.post("/move") as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        assert (await answer.json())["error"]["code"] == "method_not_allowed"


async def test_below_an_address_errors_may_have_a_form_of_their_own() -> None:
    def shout(status: int, code: str, message: str) -> tuple[int, object]:
        return 418 if status == 429 else status, {"shout": f"{code}: {message}!"}

    app = web.Application()
    setup_errors(app, {"/fail/": shout})
    app.router.add_get("/fail/{code}", fail)
    async with TestClient(TestServer(app)) as client:
        async with client.get("/fail/rate_limited") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (418, "17")
            assert "rate_limited: " in (await answer.json())["shout"]
        async with client.post("/fail/internal") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
            assert "method_not_allowed: " in (await answer.json())["shout"]
        with capture_logs():
            async with client.get("/fail/internal") as answer:
                assert (await answer.json()) == {"shout": "internal: Something went wrong.!"}
        async with client.get("/elsewhere") as answer:
            assert (await answer.json())["error"]["code"] == "not_found"


async def test_a_redirect_is_no_error(client: Client) -> None:
    async with client.get("/move", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


async def test_after_the_first_byte_no_second_answer_follows(client: Client) -> None:
    received = io.BytesIO()
    async with client.get("/late") as answer:
        with pytest.raises(ClientPayloadError):
            await _copy(answer, received)
    assert received.getvalue() == b"half of an ans"


async def _copy(answer: ClientResponse, to: io.BytesIO) -> None:
    async for piece in answer.content.iter_any():
        to.write(piece)
