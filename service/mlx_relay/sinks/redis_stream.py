"""Events in; one entry per finished stream on a Redis stream out.

An entry has ``id`` (the stream's id) and ``record`` (JSON, the log's ``stream_ended`` record:
``records``). Delivery is at least once: a connection that dies in the middle of a batch makes
the batch go again, so readers drop an ``id`` that they have seen. The setting ``content`` says
whether thinking, answer and calls are kept: ``metadata`` (default) no, ``text`` yes.

Redis is a thread's business (``outbox``): a stream only puts its entry into a bounded queue.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Event
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo
from mlx_relay.sinks.outbox import Outbox
from mlx_relay.sinks.records import ended
from mlx_relay.sinks.said import Said

CLOSE_SECONDS = 5.0
TIMEOUT_SECONDS = 5.0

Content: TypeAlias = Literal["metadata", "text"]
_Positive: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]


class RedisSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can set. *url* may hold a password: it is never logged."""

    url: str = "redis://127.0.0.1:6379/0"
    key: str = "mlx-relay:streams"
    content: Content = "metadata"
    max_length: _Positive = 100_000
    batch_size: _Positive = 100
    queue_size: _Positive = 10_000


class Entry(NamedTuple):
    """One finished stream, as Redis gets it."""

    stream_id: str
    record: bytes


class RedisSinks:
    """The connection of this process to Redis, and the sinks that write to it."""

    def __init__(self, settings: RedisSettings, context: SinkContext) -> None:
        self._settings = settings
        self._redis = _connect(settings.url)
        self._outbox = Outbox(
            context.name,
            self._add,
            lambda count: context.count_loss("entries", count),
            context.complain,
            max_items=settings.queue_size,
            batch_size=settings.batch_size,
        )

    @classmethod
    def from_context(cls, context: SinkContext) -> "RedisSinks":
        return cls(context.read_settings(RedisSettings), context)

    def open(self, stream: StreamInfo) -> "RedisSink":
        return RedisSink(self._outbox, stream, self._settings.content)

    async def close(self) -> None:
        await asyncio.to_thread(self._outbox.close, CLOSE_SECONDS)
        self._redis.close()

    def _add(self, batch: list[Entry]) -> None:
        settings = self._settings
        with self._redis.pipeline(transaction=False) as pipeline:
            for entry in batch:
                pipeline.xadd(
                    settings.key,
                    {"id": entry.stream_id, "record": entry.record},
                    maxlen=settings.max_length,
                    approximate=True,
                )
            pipeline.execute()


class RedisSink:
    """One stream's entry."""

    def __init__(self, outbox: Outbox[Entry], stream: StreamInfo, content: Content) -> None:
        self._outbox = outbox
        self._stream = stream
        self._said = Said() if content == "text" else None

    def send(self, events: Sequence[Event]) -> None:
        if self._said:
            self._said.keep(events)

    async def drain(self) -> None:
        """Nothing to wait for: the outbox drops what it cannot keep."""

    async def close(self, outcome: Outcome) -> None:
        text = self._said.texts() if self._said else None
        record = msgspec.json.encode(ended(self._stream, outcome, text, datetime.now(UTC)))
        self._outbox.put(Entry(self._stream.stream_id, record), len(record))


def _connect(url: str) -> Redis:
    """Return a client, which connects when it is used; the outbox does the retries."""
    try:
        return Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigurationError("settings: sink.redis.url is not the URL of a Redis") from None
