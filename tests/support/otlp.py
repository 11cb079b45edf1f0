"""A collector in the test's own process: takes OTLP over HTTP, keeps the spans."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATIENCE_SECONDS = 60.0


class Collector:
    """*url* takes traces; *refusals* is how many requests are still answered with 503."""

    def __init__(self) -> None:
        self.url = ""
        self.refusals = 0
        self.headers: list[dict[str, str]] = []
        self.resources: list[dict[str, Any]] = []
        self._spans: asyncio.Queue[Any] = asyncio.Queue()

    async def span(self) -> Any:
        """Return the next span as soon as it is here."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._spans.get()

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals > 0:
            self.refusals -= 1
            return web.Response(status=503)
        message = ExportTraceServiceRequest.FromString(await request.read())
        self.headers.append(dict(request.headers))
        for resource_spans in message.resource_spans:
            self.resources.append(attributes_of(resource_spans.resource))
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    self._spans.put_nowait(span)
        body = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=body, content_type="application/x-protobuf")


def attributes_of(owner: Any) -> dict[str, Any]:
    """Return the attributes of a span, an event or a resource as plain values."""
    return {one.key: _plain(one.value) for one in owner.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind)


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Run a collector on a free port."""
    taken = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", taken.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        taken.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
        yield taken
    finally:
        await runner.cleanup()
