"""A recorded stream that ends at any byte is only ``done`` if its finish chunk was whole."""

import json
import random

import pytest

from fake_mlx.library import load
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


def body_of(name: str) -> bytes:
    return load(CASSETTES / f"{name}.cast.jsonl").body


def end_of_finish(body: bytes) -> int:
    """Return how many bytes of *body* it takes until the JSON of the finish chunk is whole."""
    end = 0
    for message in body.split(b"\n\n"):
        end += len(message)
        if message.startswith(b"data: {"):
            choices = json.loads(message.removeprefix(b"data: "))["choices"]
            if any(choice.get("finish_reason") for choice in choices):
                return end
        end += 2
    raise AssertionError("the stream has no finish chunk")


def is_done(data: bytes) -> bool:
    pipeline = Pipeline()
    events = [*pipeline.feed(data, 0.0), *pipeline.close(1.0)]
    return isinstance(events[-1], Done)


def check_cuts(name: str, offsets: range) -> None:
    body = body_of(name)
    finish = end_of_finish(body)
    for offset in offsets:
        assert is_done(body[:offset]) == (offset >= finish), (name, offset)


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


@pytest.mark.parametrize("fault", ["fin", "rst", "cut", "reset"])
async def test_a_cut_through_the_real_service_is_truncated_or_done(
    relay: RelayService, fake: Service, fault: str
) -> None:
    name = "mlx_lm/hello"
    finish, size = end_of_finish(body_of(name)), len(body_of(name))
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
