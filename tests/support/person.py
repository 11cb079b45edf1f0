"""Somebody who uses a relay: signs in, opens streams, and has commands run about them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from support.relay import RelayService, command, events_of

PASSWORD = "correct horse"
ENDS = ("done", "error")


class Person:
    """A user of *relay*, signed in. Every request has a connection of its own."""

    def __init__(self, relay: RelayService, session: aiohttp.ClientSession, name: str) -> None:
        self.relay = relay
        self.name = name
        self.token = ""
        self.refresh_token = ""
        self._session = session

    def bearer(self, secret: str = "") -> dict[str, str]:
        return {"Authorization": f"Bearer {secret or self.token}"}

    def cookie(self) -> dict[str, str]:
        """Return what our own page would send."""
        return {"Cookie": f"mlx_relay_refresh={self.refresh_token}", "Origin": self.relay.url}

    async def send(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and JSON of the answer."""
        async with self._session.request(
            method, path, json=body, headers=headers or self.bearer()
        ) as answer:
            if renewed := answer.cookies.get("mlx_relay_refresh"):
                self.refresh_token = renewed.value
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def log_in(self) -> None:
        form = {"username": self.name, "password": PASSWORD}
        status, answer = await self.send("POST", "/api/auth/login", form)
        assert status == 200, answer
        self.token = answer["access_token"]

    async def open(self, profile_id: int, secret: str = "") -> aiohttp.ClientResponse:
        """Open a stream and wait until it runs."""
        body = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hi!"}]}
        answer = await self._session.post(
            "/api/chat/completions", json=body, headers=self.bearer(secret)
        )
        assert answer.status == 200
        await answer.content.readuntil(b"\n\n")
        return answer

    def command(self, *arguments: str, stdin: str = "") -> Awaitable[str]:
        """Run ``mlx-relay`` on the relay's data directory, as a process of its own."""
        env = {"MLX_RELAY_DATA_DIR": str(self.relay.data_dir)}
        return asyncio.to_thread(command, env, *arguments, stdin=stdin)


@asynccontextmanager
async def signed_in(relay: RelayService, name: str) -> AsyncIterator[Person]:
    """Add a user and sign them in."""
    async with relay.session() as admin:
        user = {"name": name, "password": PASSWORD}
        async with admin.post("/api/users", json=user) as answer:
            assert answer.status == 201, await answer.text()
    async with aiohttp.ClientSession(
        relay.url,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        timeout=aiohttp.ClientTimeout(total=60),
    ) as session:
        person = Person(relay, session, name)
        await person.log_in()
        yield person


async def code_of_end(answer: aiohttp.ClientResponse) -> str | None:
    """Wait for a stream's end and return its code; asserts that it is the only end, and last."""
    events = events_of(await answer.text())
    ends = [event for event in events if event["type"] in ENDS]
    assert ends == events[-1:]
    code: str | None = ends[0].get("code")
    return code
