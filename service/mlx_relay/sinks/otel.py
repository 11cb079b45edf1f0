"""Events in; one OpenTelemetry span per stream out, over OTLP/HTTP.

Names follow the GenAI conventions (``opentelemetry.io/docs/specs/semconv/gen-ai``): the span is
``chat {model}`` of kind CLIENT, because the relay calls the model. A span never has a prompt or an
answer. Every span is the root of its own trace: a sink is not told the request's ``traceparent``.

The collector is a thread's business (``outbox``): a stream only puts its span into a bounded queue.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from mlx_relay.events import Event, Response, Thinking, ThinkingDone, ToolCall
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo
from mlx_relay.sinks.otel_attributes import OPERATION, attributes_of_end, attributes_of_stream
from mlx_relay.sinks.outbox import Outbox

CLOSE_SECONDS = 5.0
QUEUE_SIZE = 10_000
BATCH_SIZE = 500

_OUTPUT = frozenset((Thinking, Response, ToolCall))


class OtelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can set. *headers* may hold a token: they are never logged."""

    endpoint: str = "http://127.0.0.1:4318/v1/traces"
    headers: dict[str, str] = {}
    service_name: str = "mlx-relay"
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    sample_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class NotExported(Exception):
    """The collector did not take a batch; the SDK does not say why."""


class OtelSinks:
    """The tracer of this process, and the sinks that use it."""

    def __init__(self, settings: OtelSettings, context: SinkContext) -> None:
        # The SDK logs every try; the outbox says once that the collector is away.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter(
            endpoint=settings.endpoint, headers=settings.headers, timeout=settings.timeout
        )
        self._outbox: Outbox[ReadableSpan] = Outbox(
            context.name,
            lambda batch: _export(self._exporter, batch),
            lambda count: context.count_loss("spans", count),
            context.complain,
            max_items=QUEUE_SIZE,
            batch_size=BATCH_SIZE,
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
            resource=Resource.create({"service.name": settings.service_name}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(_ToOutbox(self._outbox))
        self._tracer = self._provider.get_tracer("mlx_relay")

    @classmethod
    def from_context(cls, context: SinkContext) -> "OtelSinks":
        return cls(context.read_settings(OtelSettings), context)

    def open(self, stream: StreamInfo) -> "OtelSink":
        return OtelSink(self._tracer, stream)

    async def close(self) -> None:
        await asyncio.to_thread(self._outbox.close, CLOSE_SECONDS)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK has no types here
        self._provider.shutdown()


class OtelSink:
    """One stream's span."""

    def __init__(self, tracer: Tracer, stream: StreamInfo) -> None:
        self._has_output = False
        self._span: Span = tracer.start_span(
            f"{OPERATION} {stream.model}",
            kind=SpanKind.CLIENT,
            attributes=attributes_of_stream(stream),
            start_time=int(stream.started_at.timestamp() * 1e9),
        )

    def send(self, events: Sequence[Event]) -> None:
        for event in events:
            if type(event) is ThinkingDone:
                self._span.add_event("thinking_done", {"mlx_relay.duration": event.duration})
            elif not self._has_output and type(event) in _OUTPUT:
                self._has_output = True
                self._span.add_event("first_token")

    async def drain(self) -> None:
        """Nothing to wait for: the outbox drops what it cannot keep."""

    async def close(self, outcome: Outcome) -> None:
        self._span.set_attributes(attributes_of_end(outcome))
        if outcome.kind == "error":
            self._span.set_status(Status(StatusCode.ERROR, outcome.code))
        self._span.end(time.time_ns())


class _ToOutbox(SpanProcessor):
    """Puts the spans that were sampled into the outbox."""

    def __init__(self, outbox: Outbox[ReadableSpan]) -> None:
        self._outbox = outbox

    def on_end(self, span: ReadableSpan) -> None:
        self._outbox.put(span)


def _export(exporter: SpanExporter, batch: list[ReadableSpan]) -> None:
    if exporter.export(batch) is not SpanExportResult.SUCCESS:
        raise NotExported
