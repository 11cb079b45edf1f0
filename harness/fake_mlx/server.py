"""Requests in, replays of cassettes out.

The server speaks HTTP over bare transports, because status lines, framing, resets and replies
without a head must be exactly as they were recorded. Besides the cassettes it answers
``GET /v1/models``, ``GET /health``, its journal at ``/_fake/journal``, and the faults that lie over
replays at ``/_fake/config``. A model may carry faults of its own: ``mlx_lm/hello!stall@3``.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from fake_mlx.connection import Connection
from fake_mlx.control import BadControl, Control, parse_control
from fake_mlx.exchange import Cassette
from fake_mlx.faults import DEAF, MARK, Fault, UnknownFault, overlay, parse_model
from fake_mlx.http1 import Request, response_head
from fake_mlx.journal import OWN_PATHS, Entry, Journal
from fake_mlx.matching import Question, candidates, explain_miss, folders
from fake_mlx.replay import Pace, Piece, Plan, batched, make_plan
from fake_mlx.schedule import Schedule

_BACKLOG: Final = 1024
_MODEL: Final = re.compile(rb'(?<!\\)"model": ?"([\x20\x21\x23-\x5b\x5d-\x7e]*)"')
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    599: "No Cassette",
}


class FakeServer:
    """A fake MLX server that replays the cassettes of *library* at *pace*."""

    def __init__(
        self, library: Mapping[str, Cassette], pace: Pace, control: Control | None = None
    ) -> None:
        self._library = library
        self._pace = pace
        self._control = control or Control()
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
        return Connection(self._answer, self._schedule, self._connections, self._is_deaf_to)

    def _is_deaf_to(self, data: bytes) -> bool:
        """Say whether to read no further than *data*: by a fault over all, or over its model."""
        if f" {OWN_PATHS}".encode() in data.partition(b"\r\n")[0]:
            return False
        named = _MODEL.search(data)
        faults = self._control.faults if named is None else self._faults_of(named[1].decode())
        return any(fault.kind == DEAF for fault in faults)

    def _faults_of(self, model: str) -> list[Fault]:
        try:
            name, own_faults = parse_model(model)
        except UnknownFault:
            name, own_faults = model, []
        return [*self._control.faults_of(name), *own_faults]

    def _answer(self, request: Request) -> tuple[Plan, Entry]:
        """Return what goes out for *request*, and its entry in the journal."""
        question = Question(request.method, request.path, _json_of(request.body))
        entry = self._journal.open(request, question, self._schedule.now())
        plan = self._plan(request, question, entry)
        sizes = [piece.size for piece in plan.pieces if piece.size]
        entry.total_bytes, entry.total_chunks = sum(sizes), len(sizes)
        entry.endless = plan.again is not None
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
            case _, "/_fake/config":
                return self._control_plan(request, entry)
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

    def _control_plan(self, request: Request, entry: Entry) -> Plan:
        if request.method == "POST":
            try:
                self._control = parse_control(request.body)
            except BadControl as error:
                return _reply(400, {"error": str(error)}, entry)
        elif request.method != "GET":
            return _reply(405, {"error": "the configuration takes GET and POST"}, entry)
        return _reply(200, self._control.as_json(), entry)

    def _cassette_plan(self, question: Question, entry: Entry) -> Plan:
        try:
            name, own_faults = parse_model(question.model or "")
        except UnknownFault as error:
            return _reply(599, {"error": str(error)}, entry)
        if own_faults:
            question = _asking_for(question, name)
        names = candidates(self._library, question)
        if not names:
            return _reply(599, {"error": explain_miss(self._library, question)}, entry)
        faults = [*self._control.faults_of(name), *own_faults]
        name = self._whose_turn(names)
        cassette = self._library[name]
        entry.cassette = name
        entry.status = cassette.header.response.status
        return (
            self._broken(name, cassette, faults, entry) if faults else self._replay(name, cassette)
        )

    def _broken(self, name: str, cassette: Cassette, faults: Sequence[Fault], entry: Entry) -> Plan:
        """Return a replay with *faults* laid over it, drawn anew for each request of its kind."""
        label = MARK.join([name, *map(str, faults)])
        self._replays[label] += 1
        seed = f"{self._control.seed}/{label}/{self._replays[label]}"
        changed, break_wire, placed = overlay(faults, cassette, seed)
        entry.faults = list(map(str, placed))
        entry.status = changed.header.response.status
        plan = make_plan(changed, self._pace, self._replays[label])
        # A write of its own for each piece: where the cuts are is often the fault.
        return break_wire(msgspec.structs.replace(plan, batches=()))

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
    pieces = (Piece(0, head), Piece(0, body, len(body)))
    return Plan(pieces, 0, "keep-alive", tuple(batched(pieces)))


def _asking_for(question: Question, model: str) -> Question:
    return msgspec.structs.replace(question, body=question.body | {"model": model})


def _json_of(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
