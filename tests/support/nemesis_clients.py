"""Clients that chat for as long as the nemesis is at work; some leave, some read slowly.

Each has a canary of its own, which the fake's answer to it repeats in every word.
"""

import asyncio
import random
import socket
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import aiohttp

from support.nemesis_cassettes import canary_of
from support.nemesis_history import ClientStream, Ending, as_event, said_in

Mode: TypeAlias = Literal["reads", "leaves", "dawdles"]

MODES: Final[Sequence[Mode]] = ("reads",) * 6 + ("leaves",) * 2 + ("dawdles",)
MOST_EVENTS_BEFORE_LEAVING: Final = 70
PAUSE_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.1
RECEIVE_BYTES: Final = 16 * 1024
"""Of a client's socket: small, so that a dawdling client is felt by the relay."""


class Question(NamedTuple):
    """What a client asks, and how it takes the answer."""

    request: str
    canary: str
    profile_id: int
    mode: Mode
    leaves_after: int


class Clients:
    """Clients of the relay at *url*, with *models* by profile; *is_up* while it takes requests."""

    def __init__(self, url: str, headers: dict[str, str], models: Sequence[str], seed: int) -> None:
        self.is_up = asyncio.Event()
        self.answers: list[ClientStream] = []
        self._url = url
        self._headers = headers
        self._models = models
        self._seed = seed
        self._is_over = False

    async def chat(self, count: int) -> None:
        """Chat until ``finish``, and then to the end of each answer."""
        connector = aiohttp.TCPConnector(
            limit=0, force_close=True, socket_factory=_socket_that_takes_little
        )
        timeout = aiohttp.ClientTimeout(total=60)
        async with (
            aiohttp.ClientSession(
                self._url,
                headers=self._headers,
                connector=connector,
                timeout=timeout,
                read_bufsize=RECEIVE_BYTES,
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(count):
                group.create_task(self._visit(session, number))

    def finish(self) -> None:
        self._is_over = True
        self.is_up.set()

    async def _visit(self, session: aiohttp.ClientSession, number: int) -> None:
        draw = random.Random(f"{self._seed}/{number}")
        asked = 0
        while not self._is_over:
            await self.is_up.wait()
            asked += 1
            profile_id = draw.randint(1, len(self._models))
            question = Question(
                f"request {number}/{asked}",
                canary_of(self._models[profile_id - 1], number),
                profile_id,
                draw.choice(MODES),
                draw.randrange(1, MOST_EVENTS_BEFORE_LEAVING),
            )
            if not await self._ask(session, question):
                await asyncio.sleep(RETRY_SECONDS)

    async def _ask(self, session: aiohttp.ClientSession, question: Question) -> bool:
        """Return whether anything was said; who is not answered does not ask again at once."""
        messages = [
            {"role": "system", "content": question.request},
            {"role": "user", "content": question.canary},
        ]
        body = {"profile_id": question.profile_id, "messages": messages}
        try:
            answer = await session.post("/api/chat/completions", json=body)
        except (aiohttp.ClientError, TimeoutError):
            return False
        async with answer:
            if answer.status != 200:
                assert answer.status in (429, 503), await answer.text()
                return False
            reading = Reading()
            ending = await reading.read(answer, question)
        self.answers.append(
            ClientStream(
                question.request, question.canary, ending, reading.stream_id, reading.events
            )
        )
        return bool(said_in(reading.events))


class Reading:
    """The events of one answer, as they come."""

    def __init__(self) -> None:
        self.events: dict[int, bytes] = {}
        self._number = 0
        self._data = b""
        self._rest = b""

    @property
    def stream_id(self) -> str:
        """Of the ``start`` event; empty if not even that came."""
        return str(as_event(self.events[1]).get("stream_id", "")) if 1 in self.events else ""

    async def read(self, answer: aiohttp.ClientResponse, question: Question) -> Ending:
        try:
            async for data in answer.content.iter_any():
                self._feed(data)
                if len(self.events) >= question.leaves_after and question.mode != "reads":
                    if question.mode == "leaves":
                        answer.close()
                        return "left"
                    await asyncio.sleep(PAUSE_SECONDS)
                    question = question._replace(mode="reads")
        except (aiohttp.ClientError, TimeoutError):
            return "broken"
        return "whole"

    def _feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        """Take one line; an event counts when its blank line has come."""
        if line.startswith(b"id: "):
            self._number = int(line[4:])
        elif line.startswith(b"data: "):
            self._data = line[6:]
        elif not line and self._data:
            self.events[self._number] = self._data
            self._data = b""


def _socket_that_takes_little(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    return made
