"""A recorded stream that ends at any byte is only ``done`` if its finish chunk was whole."""

import copy
import gc
import json
import random
import sys
from types import FunctionType, ModuleType
from typing import Any

import msgspec
import pytest

from fake_mlx.library import SHIPPED, load, load_library
from integration.conftest import CASSETTES
from integration.test_recordings import check_order
from mlx_relay.events import Done
from mlx_relay.pipeline import Pipeline
from support.processes import Service
from support.relay import RelayService

STREAMS = [
    "mlx_lm/hello",
    "mlx_lm/max_tokens_in_thinking",
    "mlx_openai_server/hello",
    "mlx_openai_server/tool_two",
    "mlx_vlm/hello",
]

MOST_CUTS = 10_000


def body_of(name: str) -> bytes:
    return load(CASSETTES / f"{name}.cast.jsonl").body


def whole_from(body: bytes) -> int:
    """Return how many bytes of *body* an answer needs to be whole; more than it has if it never is.

    It takes the JSON of the finish chunk, or usage and ``[DONE]``.
    """
    end, has_usage = 0, False
    for message in body.split(b"\n\n"):
        end += len(message)
        chunk = chunk_of(message)
        has_usage = has_usage or bool(chunk.get("usage"))
        finishes = any(choice.get("finish_reason") for choice in chunk.get("choices") or [])
        if finishes or (has_usage and message == b"data: [DONE]"):
            return end
        end += 2
    return len(body) + 1


def chunk_of(message: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(message.removeprefix(b"data: "))
    except ValueError:
        return {}
    return chunk if message.startswith(b"data: {") else {}


class Cutter:
    """A pipeline that reads byte after byte, and copies of it that read no further."""

    def __init__(self) -> None:
        self._pipeline = Pipeline()
        self._shared = {id(part): part for part in frozen_parts(self._pipeline)}
        self._is_done = False

    def feed(self, data: bytes) -> None:
        events = self._pipeline.feed(data, 0.0)
        self._is_done = self._is_done or any(isinstance(event, Done) for event in events)

    def ends_as_done(self) -> bool:
        """Return whether the stream is done if it ends here."""
        ended = copy.deepcopy(self._pipeline, dict(self._shared)).close(1.0)
        return self._is_done or any(isinstance(event, Done) for event in ended)


def frozen_parts(root: object) -> list[msgspec.Struct]:
    """Return what a copy may share with *root*: the tables of the families, which never change."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) not in seen and not isinstance(part, type | FunctionType | ModuleType):
            seen[id(part)] = part
            waiting += gc.get_referents(part)
    structs = [part for part in seen.values() if isinstance(part, msgspec.Struct)]
    return [struct for struct in structs if struct.__struct_config__.frozen]


def check_cuts(name: str, offsets: range) -> None:
    body, cutter = body_of(name), Cutter()
    finish = whole_from(body)
    cutter.feed(body[: offsets.start])
    for offset in offsets:
        assert cutter.ends_as_done() == (offset >= finish), (name, offset)
        cutter.feed(body[offset : offset + 1])


@pytest.mark.parametrize("name", STREAMS)
def test_no_cut_near_the_end_looks_finished_before_it_is(name: str) -> None:
    size = len(body_of(name))
    check_cuts(name, range(max(0, size - 1500), size + 1))


def test_no_cut_of_a_whole_stream_looks_finished_before_it_is() -> None:
    name = min(STREAMS, key=lambda name: len(body_of(name)))
    check_cuts(name, range(len(body_of(name)) + 1))


@pytest.mark.nightly
@pytest.mark.parametrize("name", STREAMS)
def test_no_cut_at_any_byte_looks_finished_before_it_is(name: str) -> None:
    check_cuts(name, range(len(body_of(name)) + 1))


def all_bodies() -> dict[str, tuple[str, bytes]]:
    """Return every body that is shipped or tested with, each once, under one of its names."""
    cassettes = [*load_library(SHIPPED).items(), *load_library(CASSETTES).items()]
    return {cassette.header.sha256: (name, cassette.body) for name, cassette in cassettes}


@pytest.mark.nightly
def test_no_cut_of_any_recording_looks_finished_before_it_is() -> None:
    """Every byte of all that is small; of larger bodies, bytes drawn from all of them."""
    cuts = 0
    for name, body in all_bodies().values():
        draw, whole, cutter = random.Random(name), whole_from(body), Cutter()
        places = range(1, len(body) + 1)
        drawn = set(draw.sample(places, min(len(body), MOST_CUTS)))
        for place in places:
            cutter.feed(body[place - 1 : place])
            if place in drawn and place < whole:
                assert not cutter.ends_as_done(), (name, place)
        cuts += len(drawn)
    sys.stderr.write(f"{cuts} cuts\n")


@pytest.mark.parametrize("fault", ["fin", "rst", "cut", "reset"])
async def test_a_cut_through_the_real_service_is_truncated_or_done(
    relay: RelayService, fake: Service, fault: str
) -> None:
    name = "mlx_lm/hello"
    finish, size = whole_from(body_of(name)), len(body_of(name))
    draw = random.Random(fault)
    around = [finish - 1, finish, finish + 1, size]
    async with relay.session() as session:
        for offset in [*around, *draw.sample(range(1, finish), 8)]:
            profile_id = await relay.add_profile(
                session,
                name=f"{fault}.{offset}",
                host="127.0.0.1",
                port=fake.port,
                model_path=f"{name}!{fault}@{offset}",
            )
            events = await relay.chat(session, profile_id)
            check_order(events)
            if offset < finish:
                assert events[-1]["code"] == "upstream_truncated", offset
            elif fault in ("fin", "cut"):  # a reset may take delivered bytes with it
                assert events[-1]["type"] == "done", offset
