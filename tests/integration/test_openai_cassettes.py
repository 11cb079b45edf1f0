"""Every recorded chat through the streaming helpers of other people's clients.

Each must hear what the typed stream says: the same thinking, text, calls, reason and usage, or the
same error at the same place.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from integration.conftest import CASSETTES
from integration.test_recordings import asked, chats, starts_in_thinking
from mlx_relay.errors import FAILURES
from support.node import run_script
from support.openai import Heard, hear, heard_typed, key_of, openai_client
from support.processes import ROOT, Service, running
from support.relay import RelayService

PACKAGED = ROOT / "harness" / "fake_mlx" / "cassettes"
HELLO = [{"role": "user", "content": "Hello!"}]


class Recorded(msgspec.Struct, frozen=True):
    """A cassette behind a profile: the options it is asked with, and what the typed stream says."""

    model: str
    options: dict[str, Any]
    heard: Heard


@pytest.fixture(scope="module")
def recorded(relay: RelayService, fake: Service) -> Iterator[list[Recorded]]:
    """All cassettes: those of the tests, and those that come with the package."""
    with running("fake_mlx", "serve", "--port", "0", "--speed", "max") as packaged:
        ours = asyncio.run(_ask_for_all(relay, fake, CASSETTES))
        yield ours + asyncio.run(_ask_for_all(relay, packaged, PACKAGED))


async def _ask_for_all(relay: RelayService, fake: Service, folder: Path) -> list[Recorded]:
    async with relay.session() as session:
        return [await _ask(relay, session, fake, folder, name) for name in chats(folder)]


async def _ask(
    relay: RelayService, session: ClientSession, fake: Service, folder: Path, name: str
) -> Recorded:
    fields = asked(name, folder)
    options = {key: value for key, value in fields.items() if value is not None}
    model = f"{folder.parent.name[:1]}:{name}"[:64]
    profile_id = await relay.add_profile(
        session,
        name=model,
        host="127.0.0.1",
        port=fake.port,
        model_path=name,
        starts_in_thinking=starts_in_thinking(name, fields),
    )
    events = await relay.chat(session, profile_id, **options)
    return Recorded(model, options, heard_typed(events))


def test_openais_client_hears_what_the_typed_stream_says(
    relay: RelayService, recorded: list[Recorded]
) -> None:
    with openai_client(relay) as client:
        for one in recorded:
            assert hear(client, one.model, extra_body=one.options) == one.heard, one.model


def test_the_ai_sdk_hears_what_the_typed_stream_says(
    relay: RelayService, recorded: list[Recorded]
) -> None:
    requests = [{"model": one.model, "messages": HELLO, "options": one.options} for one in recorded]
    address = {"baseURL": f"{relay.url}/v1", "apiKey": key_of(relay)}
    answers = run_script("stream.mjs", {**address, "requests": requests})
    for one, answer in zip(recorded, answers, strict=True):
        assert _heard(answer) == one.heard, (one.model, json.dumps(answer))


def _heard(answer: dict[str, Any]) -> Heard:
    error = answer["error"]
    calls = [] if error else [(call["name"], call["input"]) for call in answer["calls"]]
    return Heard(
        thinking=answer["reasoning"],
        text=answer["text"],
        calls=calls,
        finish_reason=None if error else answer["finishReason"].replace("-", "_"),
        tokens=None if error else answer["usage"].get("outputTokens"),
        error=error and (error["code"] or _code_of(error["message"])),
    )


def _code_of(sentence: str) -> str:
    return next(code for code, failure in FAILURES.items() if failure.sentence == sentence)
