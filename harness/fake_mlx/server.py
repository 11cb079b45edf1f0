"""Requests in, replays of cassettes out.

The server speaks HTTP over bare transports, because status lines, framing, resets and replies
without a head must be exactly as they were recorded. Besides the cassettes it answers
``GET /v1/models``, ``GET /health``, and its journal at ``/_fake/journal``.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fake_mlx.connection import Connection
from fake_mlx.exchange import Cassette
from fake_mlx.http1 import Request, response_head
from fake_mlx.journal import OWN_PATHS, Entry, Journal
from fake_mlx.matching import Question, candidates, explain_miss, folders
from fake_mlx.replay import Pace, Piece, Plan, make_plan
from fake_mlx.schedule import Schedule

_BACKLOG: Final = 1024
_REASONS: Final = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 599: "No Cassette"}


class FakeServer:
    """A fake MLX server that replays the cassettes of *library* at *pace*."""

    def __init__(self, library: Mapping[str, Cassette], pace: Pace) -> None:
        self._library = library
        self._pace = pace
        self._journal = Journal()
        self._turns: Counter[tuple[str, ...]] = Counter()
        self._replays: Counter[str] = Counter()
        self._plans: dict[str, Plan] = {}
        self._connections: set[Connection] = set()
        self._schedule = Schedule(asyncio.get_running_loop())

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Start to listen, port 0 being any that is free; raises OSError."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._connect, host, port, backlog=_BACKLOG)

    def close(self) -> None:
        """Drop every connection."""
        for connection in list(self._connections):
            connection.abort()

    def _connect(self) -> Connection:
        return Connection(self._answer, self._schedule, self._connections)

    def _answer(self, request: Request) -> tuple[Plan, Entry]:
        """Return what goes out for *request*, and its entry in the journal."""
        question = Question(request.method, request.path, _json_of(request.body))
        entry = self._journal.open(request, question, self._schedule.now())
        plan = self._plan(request, question, entry)
        entry.total_bytes = sum(piece.size for piece in plan.pieces)
        if not request.keeps_alive and plan.at_end == "keep-alive":
            plan = msgspec.structs.replace(plan, at_end="close")
        return plan, entry

    def _plan(self, request: Request, question: Question, entry: Entry) -> Plan:
        match request.method, request.path:
            case "GET", "/v1/models":
                return _reply(200, self._models(), entry)
            case "GET", "/health":
                return _reply(200, {"status": "ok"}, entry)
            case _, "/_fake/journal":
                return self._journal_plan(request, entry)
            case _, path if path.startswith(OWN_PATHS):
                return _reply(404, {"error": "there is nothing here"}, entry)
            case _:
                return self._cassette_plan(question, entry)

    def _journal_plan(self, request: Request, entry: Entry) -> Plan:
        match request.method:
            case "GET":
                stamps = "stamps=1" in request.query.split("&")
                return _reply(200, self._journal.as_json(stamps=stamps), entry)
            case "DELETE":
                return _reply(200, {"cleared": self._journal.clear()}, entry)
            case _:
                return _reply(405, {"error": "the journal takes GET and DELETE"}, entry)

    def _cassette_plan(self, question: Question, entry: Entry) -> Plan:
        names = candidates(self._library, question)
        if not names:
            return _reply(599, {"error": explain_miss(self._library, question)}, entry)
        name = self._whose_turn(names)
        cassette = self._library[name]
        entry.cassette = name
        entry.status = cassette.header.response.status
        return self._replay(name, cassette)

    def _whose_turn(self, names: list[str]) -> str:
        turn = self._turns[tuple(names)]
        self._turns[tuple(names)] += 1
        return names[turn % len(names)]

    def _replay(self, name: str, cassette: Cassette) -> Plan:
        self._replays[name] += 1
        if self._pace.rechunk == "random":
            return make_plan(cassette, self._pace, self._replays[name])
        if name not in self._plans:
            self._plans[name] = make_plan(cassette, self._pace)
        return self._plans[name]

    def _models(self) -> dict[str, Any]:
        names = [*self._library, *folders(self._library)]
        models = [{"id": name, "object": "model", "owned_by": "fake-mlx"} for name in names]
        return {"object": "list", "data": models}


def _reply(status: int, content: object, entry: Entry) -> Plan:
    """Return the plan of one of the fake's own answers: JSON, at once."""
    entry.status = status
    body = json.dumps(content).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    head = response_head("1.1", status, _REASONS[status], headers)
    return Plan((Piece(0, head), Piece(0, body, len(body))), 0, "keep-alive", coalesce=True)


def _json_of(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
