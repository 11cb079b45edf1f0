"""What a wrong request gets from the real service: the status or event of the contract."""

import io
import json
import socket
from typing import Any

import pytest

from support.relay import RelayService

HELLO = [{"role": "user", "content": "Hello!"}]


async def post(
    relay: RelayService, body: bytes | io.BytesIO, **headers: str
) -> tuple[int, dict[str, Any]]:
    given = {**relay.headers, "Content-Type": "application/json", **headers}
    async with (
        relay.session() as session,
        session.post("/api/chat/completions", data=body, headers=given) as answer,
    ):
        decoded: dict[str, Any] = json.loads(await answer.text())
        return answer.status, decoded["error"]


def chat(**fields: Any) -> bytes:
    return json.dumps({"profile_id": 1, "messages": HELLO, **fields}).encode()


@pytest.mark.parametrize(
    "authorization", ["", "Bearer nonsense", "Bearer mlxr_nonsense", "Basic x"]
)
async def test_without_good_credentials_nothing_of_the_request_is_looked_at(
    relay: RelayService, authorization: str
) -> None:
    status, error = await post(relay, b"{", Authorization=authorization)
    assert (status, error["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("body", "status", "code", "name"),
    [
        (chat(profile_id=999_999), 404, "profile_not_found", "profile"),
        (b"", 400, "invalid_json", ""),
        (b"{", 400, "invalid_json", ""),
        (b'{"profile_id":1,"profile_id":2}', 400, "invalid_json", ""),
        (b'{"temperature":NaN}', 400, "invalid_json", ""),
        (b"[" * 100_000, 400, "invalid_json", ""),
        (b"\xff", 400, "invalid_json", ""),
        (b"[]", 422, "invalid_request", ""),
        (chat(color="blue"), 422, "invalid_request", "color"),
        (chat(stop=5), 422, "invalid_request", "stop"),
        (chat(temperature="hot"), 422, "invalid_request", "temperature"),
        (chat(messages=[]), 422, "invalid_request", "messages"),
    ],
)
async def test_a_wrong_body_is_refused_and_the_field_is_named(
    relay: RelayService, body: bytes, status: int, code: str, name: str
) -> None:
    answered, error = await post(relay, body)
    assert (answered, error["code"]) == (status, code)
    assert name in error["message"]
    assert error["request_id"]


async def test_another_content_type_is_refused(relay: RelayService) -> None:
    status, error = await post(relay, chat(), **{"Content-Type": "text/plain"})
    assert (status, error["code"]) == (415, "unsupported_media_type")


async def test_a_body_over_the_limit_is_refused(relay: RelayService) -> None:
    status, error = await post(relay, io.BytesIO(b" " * (33 * 1024 * 1024)))
    assert (status, error["code"]) == (413, "too_large")


async def test_a_profile_that_is_down_says_so_in_the_stream_and_in_the_list(
    relay: RelayService,
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        async with relay.session() as session:
            profile_id = await relay.add_profile(
                session, name="is-down", host="127.0.0.1", port=port, model_path="m"
            )
            events = await relay.chat(session, profile_id)
            async with session.get("/api/profiles") as answer:
                listed = {profile["id"]: profile for profile in await answer.json()}
    assert [event["type"] for event in events] == ["start", "error"]
    assert events[-1] == {
        "type": "error",
        "content": "Failed to connect to MLX server. Is it running?",
        "code": "upstream_unreachable",
        "retryable": True,
        "detail": "refused",
    }
    assert listed[profile_id]["status"] == "down"
