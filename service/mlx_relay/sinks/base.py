"""What a sink is, and what it is told. Events go in; nothing comes back.

A factory is made once per process, while the event loop runs, and gives one sink per stream. One
that needs a thread starts it when it is made and ends it in ``close``. A sink never changes events
and knows no other sink.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

import msgspec
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Event, UsageCounts
from mlx_relay.sinks.health import SinkHealth

OutcomeKind: TypeAlias = Literal["done", "error", "client_gone"]
SettingsT = TypeVar("SettingsT")


class StreamInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked what: known before the first event. *started_at* is UTC wall time."""

    stream_id: str
    user_id: int
    user: str
    profile_id: int
    profile: str
    model: str
    started_at: datetime
    message_count: int
    image_count: int = 0
    tool_count: int = 0
    max_tokens: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a stream ended. Times in seconds from the request, by a monotonic clock.

    *code* and *cause* are those of the ``error`` event. *first_event* is the time to the first
    thinking, text or call; *first_answer* to the first text or call. *thinking* is the sum of the
    reasoning blocks. *bytes_received* counts the upstream's body. *upstream_release* is how long
    its connection outlived a client that left.
    """

    kind: OutcomeKind
    seconds: float
    code: str | None = None
    cause: str | None = None
    finish_reason: str | None = None
    upstream_status: int | None = None
    first_event: float | None = None
    first_answer: float | None = None
    thinking: float | None = None
    upstream_release: float | None = None
    events: int = 0
    bytes_received: int = 0
    usage: UsageCounts | None = None


class Sink(Protocol):
    """Takes the events of one stream; the shape of asyncio's StreamWriter."""

    def send(self, events: Sequence[Event]) -> None:
        """Take a batch; never waits."""

    async def drain(self) -> None:
        """Wait while the buffer is above its high-water mark."""

    async def close(self, outcome: Outcome) -> None:
        """The stream ended; no batch follows."""


class ClientSink(Sink, Protocol):
    """The sink that sets the pace: its ``drain`` raises ConnectionError when the client is gone."""

    @property
    def is_full(self) -> bool:
        """The upstream must pause: too much waits, or the client is gone."""

    @property
    def is_stalled(self) -> bool:
        """The client was dropped because it took nothing."""


@runtime_checkable
class TimedSink(Protocol):
    """A sink that wants to know when events came: this is called in place of ``send``.

    Side sinks are given text a moment late, that of several reads at once.
    """

    def send_at(self, events: Sequence[Event], times: Sequence[float]) -> None:
        """Take *events*, each read at the monotonic time in *times*; never waits."""


@runtime_checkable
class RawSink(Protocol):
    """A sink that wants the upstream's raw bytes too."""

    def receive(self, data: bytes, at: float) -> None:
        """Take *data* as it was read, at monotonic time *at*."""


@runtime_checkable
class HeadSink(Protocol):
    """A sink that wants the head of the upstream's answer too, whatever its status."""

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        """Take the head, with header names in lower case, that came at monotonic time *at*."""


class SinkFactory(Protocol):
    """One per process: gives a sink for each stream."""

    def open(self, stream: StreamInfo) -> Sink: ...

    async def close(self) -> None: ...


class SinkContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a factory is built from: its own *settings*, and where it may write.

    *name* is what the sink is called in the settings.
    """

    settings: Mapping[str, Any]
    data_dir: Path
    registry: CollectorRegistry
    name: str = ""
    health: SinkHealth = msgspec.field(default_factory=SinkHealth)

    def read_settings(self, kind: type[SettingsT]) -> SettingsT:
        """Return the settings as a *kind*, a msgspec.Struct that forbids unknown fields.

        Raises ConfigurationError for a setting that does not exist or fit.
        """
        return read_settings(self.name, self.settings, kind)

    def count_loss(self, what: str, count: int = 1) -> None:
        """Count *what* the sink lost, in ``mlx_relay_sink_lost_total``; any thread may call."""
        self.health.count_loss(self.name, what, count)

    def complain(self, reason: str | None) -> None:
        """Say on ``/readyz`` that the sink is in trouble; None when all is well again."""
        self.health.complain(self.name, reason)


def read_settings(name: str, settings: Mapping[str, Any], kind: type[SettingsT]) -> SettingsT:
    """Return the *settings* of the sink *name* as a *kind*; raises ConfigurationError."""
    try:
        return msgspec.convert(dict(settings), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"settings: sink.{name}: {error}") from None
