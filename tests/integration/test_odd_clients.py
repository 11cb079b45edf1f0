"""Clients that are odd but not slow: half-closed, in a hurry, gone at the very end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from integration.test_client_gone import logged_outcome
from support.processes import Service
from support.raw_http import read_to_the_end
from support.relay import RelayService, events_of
from support.scripted_model import ScriptedModel, scripted_model

HURRIED = 12


def request_of(relay: RelayService, profile_id: int, *headers: str) -> bytes:
    body = json.dumps({"profile_id": profile_id, "messages": [{"role": "user", "content": "Hi"}]})
    lines = [
        "POST /api/chat/completions HTTP/1.1",
        "Host: localhost",
        f"Authorization: {relay.headers['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", body]).encode()


@asynccontextmanager
async def model_of(relay: RelayService, name: str) -> AsyncIterator[tuple[ScriptedModel, int]]:
    async with scripted_model() as model, relay.session() as session:
        yield (
            model,
            await relay.add_profile(
                session, name=name, host="127.0.0.1", port=model.port, model_path="m"
            ),
        )


async def test_who_half_closes_counts_as_gone(relay: RelayService) -> None:
    async with model_of(relay, "half-closed") as (model, profile_id):
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.service.port)
        writer.write(request_of(relay, profile_id))
        answer = await model.asked()
        await answer.say("hello")
        assert b'"type":"start"' in await reader.readuntil(b'start"')
        writer.write_eof()
        await answer.left()
        assert b'"type":"done"' not in await read_to_the_end(reader)
        writer.close()
    assert await logged_outcome(relay, "half-closed") == "client_gone"


async def test_a_chat_behind_another_waits_until_that_has_ended(relay: RelayService) -> None:
    async with model_of(relay, "pipelined") as (model, profile_id):
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.service.port)
        writer.write(request_of(relay, profile_id))
        writer.write(request_of(relay, profile_id, "Connection: close"))
        for text in ("first", "second"):
            answer = await model.asked()
            await answer.say(text)
            await answer.finish()
        received = (await read_to_the_end(reader)).decode()
        writer.close()
    events = [(event["type"], event.get("content")) for event in events_of(received)]
    assert events == [
        *(("start", None), ("response", "first"), ("done", None)),
        *(("start", None), ("response", "second"), ("done", None)),
    ]


@pytest.mark.parametrize("reads", range(4))
async def test_who_leaves_as_the_answer_ends_gets_one_end_in_the_log(
    relay: RelayService, fake: Service, reads: int
) -> None:
    name = f"in a hurry {reads}"
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=name, host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
        )
        request = request_of(relay, profile_id)
        for _ in range(HURRIED):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.service.port)
            writer.write(request)
            for _ in range(reads):
                await reader.read(256)
            writer.transport.abort()
        ends = await ends_of(relay, name, HURRIED)
    assert set(ends) <= {"done", "client_gone"}


async def ends_of(relay: RelayService, profile: str, count: int) -> list[str]:
    """Return how the streams of *profile* ended, once all that started have; at most *count*."""
    path = relay.data_dir / "logs" / "streams.jsonl"
    async with asyncio.timeout(10):
        while True:
            records = [json.loads(line) for line in path.read_text().splitlines()]
            ours = [r for r in records if r.get("profile") == profile]
            started = {r["stream_id"] for r in ours if r["record"] == "stream_started"}
            ends = [r for r in ours if r["record"] == "stream_ended"]
            if {r["stream_id"] for r in ends} == started:
                assert len(ends) == len(started) <= count
                return [r["kind"] for r in ends]
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("field", ["api_base", "base_url", "host", "url", "model", "api_key"])
async def test_no_field_of_a_request_leads_to_another_server(
    relay: RelayService, fake: Service, field: str
) -> None:
    request = {"profile_id": 1, "messages": [{"role": "user", "content": "Hi"}], field: fake.url}
    async with (
        relay.session() as session,
        session.post("/api/chat/completions", json=request) as answer,
    ):
        assert answer.status == 422
        assert field in (await answer.json())["error"]["message"]
