"""A relay that says what a test tells it to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

TOKEN = "mlxr_test"
PROFILES = [
    {"id": 3, "name": "off", "enabled": False},
    {"id": 5, "name": "first", "enabled": True},
    {"id": 8, "name": "second"},
]


WAIT = "wait"
"""In place of an event: nothing more comes, until the client leaves."""


class FakeRelay:
    """Answers a chat with *events* (texts go out as they are)."""

    def __init__(self, events: Iterable[dict[str, Any] | str] = ()) -> None:
        self.events = list(events)
        self.profiles = PROFILES
        self.asked: list[dict[str, Any]] = []
        self.url = ""

    async def list_profiles(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, "Sign in first.")
        return web.json_response(self.profiles)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(self.events, 1):
            if event == WAIT:
                await asyncio.Event().wait()
            text = event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n"
            await response.write(f"id: {number}\n{text}".encode())
        return response


def refusal(status: int, message: str) -> web.Response:
    body = {"code": "any", "message": message, "request_id": "r"}
    return web.json_response({"error": body}, status=status)


@asynccontextmanager
async def serving(relay: FakeRelay) -> AsyncIterator[FakeRelay]:
    app = web.Application()
    app.router.add_get("/api/profiles", relay.list_profiles)
    app.router.add_post("/api/chat/completions", relay.complete)
    async with TestServer(app, host="127.0.0.1") as server:
        relay.url = str(server.make_url("")).rstrip("/")
        yield relay
