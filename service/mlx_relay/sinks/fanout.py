"""One batch in; the same batch to every sink. The client's sink first, then the side sinks.

A side sink that raises is cut out of the stream: the failure is logged once and counted, and the
stream goes on. A side sink is never waited for while the stream runs.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from mlx_relay.events import Event
from mlx_relay.sinks.base import Outcome, RawSink, Sink, SinkFactory, StreamInfo

CLOSE_SECONDS = 5.0
"""How long a side sink may take to close a stream."""

_log = structlog.get_logger(__name__)


class FanOut:
    """The sinks of one stream. *on_failure* is told the name of a sink that was cut out."""

    def __init__(
        self,
        client: Sink,
        factories: Mapping[str, SinkFactory],
        stream: StreamInfo,
        on_failure: Callable[[str], None],
    ) -> None:
        self._client = client
        self._stream_id = stream.stream_id
        self._on_failure = on_failure
        self._sides: dict[str, Sink] = {}
        for name, factory in factories.items():
            try:
                self._sides[name] = factory.open(stream)
            except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
                self._report(name, error)
        self._find_raw_sinks()

    @property
    def wants_raw(self) -> bool:
        return bool(self._raw)

    def receive(self, data: bytes, at: float) -> None:
        for name, sink in list(self._raw.items()):
            try:
                sink.receive(data, at)
            except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
                self._cut_out(name, error)

    def send(self, events: Sequence[Event]) -> None:
        self._client.send(events)
        for name, sink in list(self._sides.items()):
            try:
                sink.send(events)
            except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
                self._cut_out(name, error)

    async def close(self, outcome: Outcome) -> None:
        """Close every sink; one that raises or takes too long is reported and left."""
        await self._client.close(outcome)
        for name, sink in list(self._sides.items()):
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await sink.close(outcome)
            except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
                self._cut_out(name, error)

    def _cut_out(self, name: str, error: Exception) -> None:
        del self._sides[name]
        self._find_raw_sinks()
        self._report(name, error)

    def _find_raw_sinks(self) -> None:
        self._raw = {name: sink for name, sink in self._sides.items() if isinstance(sink, RawSink)}

    def _report(self, name: str, error: Exception) -> None:
        self._on_failure(name)
        _log.error("sink_failed", sink=name, stream_id=self._stream_id, error=type(error).__name__)
