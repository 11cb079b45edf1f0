"""What a stream gives Redis, and which settings are refused; a real Redis is in integration."""

import json
from typing import Any

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Response, Thinking
from mlx_relay.sinks.base import Outcome
from mlx_relay.sinks.outbox import Outbox
from mlx_relay.sinks.redis_stream import Content, Entry, RedisSettings, RedisSink, RedisSinks
from support.values import stream_info


async def entry_of(content: Content) -> dict[str, Any]:
    """Return the record of a stream that thought and answered."""
    taken: list[Entry] = []
    outbox = Outbox("redis", taken.extend, lambda _: None, max_items=10, batch_size=10)
    sink = RedisSink(outbox, stream_info(), content)
    sink.send([Thinking("secret thought"), Response("secret answer")])
    await sink.close(Outcome(kind="done", seconds=1.5, finish_reason="stop"))
    outbox.close(30.0)
    assert [entry.stream_id for entry in taken] == ["s1"]
    record: dict[str, Any] = json.loads(taken[0].record)
    return record


async def test_an_entry_says_who_asked_and_how_it_ended_but_not_what_was_said() -> None:
    record = await entry_of("metadata")
    assert (record["user"], record["kind"], record["seconds"]) == ("ada", "done", 1.5)
    assert "secret" not in json.dumps(record)


async def test_with_content_text_an_entry_says_what_was_said() -> None:
    text = (await entry_of("text"))["text"]
    assert (text["thinking"], text["response"]) == ("secret thought", "secret answer")


def test_a_url_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.redis\.url") as refused:
        RedisSinks(RedisSettings(url="http://:password@host"), lambda _: None)
    assert "password" not in str(refused.value)
