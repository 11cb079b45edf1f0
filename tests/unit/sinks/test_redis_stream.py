"""What a stream gives Redis, and which settings are refused; a real Redis is in integration."""

import json
from pathlib import Path
from typing import Any

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Response, Thinking
from mlx_relay.sinks.base import Outcome
from mlx_relay.sinks.outbox import Outbox
from mlx_relay.sinks.redis_stream import Content, Entry, RedisSink, RedisSinks
from support.values import losses, sink_context, stream_info


async def entry_of(content: Content) -> dict[str, Any]:
    """Return the record of a stream that thought and answered."""
    taken: list[Entry] = []
    outbox = Outbox("redis", taken.extend, lambda _: None, print, max_items=10, batch_size=10)
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
        RedisSinks.from_context(sink_context("redis", url="http://:password@host"))
    assert "password" not in str(refused.value)


async def test_what_a_redis_that_is_away_does_not_get_is_counted_and_it_is_said_that_it_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlx_relay.sinks.redis_stream.CLOSE_SECONDS", 0.2)
    context = sink_context("redis", url=f"unix://{tmp_path}/nobody", queue_size=2)
    sinks = RedisSinks.from_context(context)
    for _ in range(5):
        await sinks.open(stream_info()).close(Outcome(kind="done", seconds=1))
    await sinks.close()
    assert losses(context) == {"entries": 5}
    assert context.health.degraded() == {"redis": "ConnectionError"}


@pytest.mark.parametrize("settings", [{"content": "full"}, {"uri": ""}, {"queue_size": 0}])
def test_a_setting_that_does_not_exist_or_fit_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.redis: "):
        RedisSinks.from_context(sink_context("redis", **settings))
