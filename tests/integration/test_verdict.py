"""``fake-mlx verdict`` on the real relay, which speaks events of its own; and on bad proxies."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest

from fake_mlx.client_record import ClientRecorder
from fake_mlx.library import load
from fake_mlx.pytest_plugin import FakeMLX
from fake_mlx.verdict_text import changed
from integration.conftest import CASSETTES
from support.processes import run, running
from support.relay import RelayService

Judge = Callable[[ClientRecorder], dict[str, Any]]

LONG_AGO_MS = "30000"
"""CI does not time: the nightly run of test_fault_times.py does."""

RULES = [
    "one upstream request each",
    "no retry after the first byte",
    "all text in order",
    "exactly one terminal event",
    f"upstream closed within {LONG_AGO_MS} ms of the client's leaving",
]
WHOLE = [
    "mlx_lm/hello",
    "mlx_lm/cjk_hello",
    "mlx_lm/split_haiku",
    "mlx_lm/think_tags",
    "mlx_lm/tool_two",
    "mlx_lm/err_wrong_model",
    "mlx_openai_server/hello",
    "mlx_openai_server/table",
    "mlx_openai_server/tool_two",
    "mlx_vlm/hello",
    "mlx_lm/hello!one_byte",
    "mlx_lm/hello!bom!crlf",
    "mlx_openai_server/table!no_done",
]
DEAD = [
    "mlx_lm/server_killed",
    "mlx_openai_server/server_killed",
    "mlx_lm/hello!fin@700",
    "mlx_lm/hello!rst@1500",
    "mlx_openai_server/hello!cut@900",
    "mlx_openai_server/hello!error_frame@9",
    "mlx_openai_server/hello!refuse",
    "mlx_openai_server/hello!stall@6",
]
DEADLINES = {"response_head": 2, "first_event": 2, "next_event": 1, "total": 20}


@pytest.fixture(scope="module")
def replaying() -> Iterator[FakeMLX]:
    arguments = ("serve", "--port", "0", "--cassettes", str(CASSETTES), "--speed", "max")
    with running("fake_mlx", *arguments) as service:
        yield FakeMLX(service.url)


@pytest.fixture
def judge(replaying: FakeMLX, tmp_path: Path) -> Judge:
    """Return the judge: a client's record in, what the command says of it out."""
    replaying.clear()

    def judged(client: ClientRecorder) -> dict[str, Any]:
        client.save(tmp_path / "client.jsonl")
        (tmp_path / "journal.json").write_text(json.dumps(replaying.settled_journal()))
        both = ("--journal", str(tmp_path / "journal.json"), "--client", tmp_path / "client.jsonl")
        done = run(
            "fake_mlx",
            "verdict",
            *map(str, both),
            *("--cassettes", str(CASSETTES), "--closed-within-ms", LONG_AGO_MS, "--json"),
        )
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["kept"] == (done.returncode == 0)
        return found

    return judged


def ruled(found: dict[str, Any]) -> dict[str, bool | None]:
    return {ruling["rule"]: ruling["kept"] for ruling in found["rulings"]}


class Client:
    """A recorded client of the relay that asks one model after the other."""

    def __init__(self, relay: RelayService, upstream: FakeMLX) -> None:
        self.record = ClientRecorder()
        self._relay = relay
        self._upstream = upstream

    async def ask(self, model: str, leave_after: int | None = None) -> bytes:
        async with self._relay.session() as session:
            profile_id = await self._relay.add_profile(
                session,
                name=f"verdict.{model}".replace("/", ".").replace("@", ".").replace("!", "-"),
                host="127.0.0.1",
                port=self._upstream.port,
                model_path=model,
                deadlines=DEADLINES,
            )
        messages = [{"role": "user", "content": "Hello!"}]
        return await asyncio.to_thread(
            self.record.post,
            f"{self._relay.url}/api/chat/completions",
            {"profile_id": profile_id, "messages": messages},
            headers=self._relay.headers,
            leave_after=leave_after,
        )


async def test_the_relay_keeps_every_rule(
    relay: RelayService, replaying: FakeMLX, judge: Judge
) -> None:
    client = Client(relay, replaying)
    for model in [*WHOLE, *DEAD]:
        await client.ask(model)
    for model in ("mlx_openai_server/hello!endless@2", "mlx_lm/hello!stall@6"):
        await client.ask(model, leave_after=400)
    found = judge(client.record)
    assert ruled(found) == dict.fromkeys(RULES, True) | {"added latency": None}, found


async def test_a_dead_upstream_costs_no_text_that_came_before(
    relay: RelayService, replaying: FakeMLX, judge: Judge
) -> None:
    client = Client(relay, replaying)
    came = await client.ask("mlx_lm/hello!fin@1501")
    assert b'"code":"upstream_truncated"' in came
    sent = load(CASSETTES / "mlx_lm/hello.cast.jsonl").body[:1501]
    assert changed(sent, came, may_end_early=False, more_was_sent=False) == ""
    assert judge(client.record)["kept"]


class BadProxy(ThreadingHTTPServer):
    """A proxy that speaks events like the relay, with one *defect*."""

    daemon_threads = True

    def __init__(self, upstream: str, defect: str) -> None:
        super().__init__(("127.0.0.1", 0), BadHandler)
        self.upstream = upstream
        self.defect = defect
        self.is_over = Event()


@contextmanager
def proxying(upstream: FakeMLX, defect: str) -> Iterator[BadProxy]:
    with BadProxy(upstream.url, defect) as proxy:
        thread = Thread(target=proxy.serve_forever)
        thread.start()
        yield proxy
        proxy.is_over.set()
        proxy.shutdown()
        thread.join()


def url_of(proxy: BadProxy) -> str:
    return f"http://127.0.0.1:{proxy.server_port}/v1/chat/completions"


class BadHandler(BaseHTTPRequestHandler):
    server: BadProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        for _ in range(2 if self.server.defect == "asks twice" else 1):
            answer = urlopen(Request(f"{self.server.upstream}/v1/chat/completions", body))
            lines = [] if self.server.defect == "stays" else answer.read().split(b"\n")
        self.wfile.write(b'data: {"type":"start"}\n\n')
        events = [event for line in lines for event in events_of(line)]
        if self.server.defect == "loses text":
            del events[5]
        if self.server.defect == "mixes kinds up":
            events = [event | {"type": "response"} for event in events]
        ends = {"ends twice": 2, "never ends": 0, "stays": 0}.get(self.server.defect, 1)
        for event in [*events, *[{"type": "done"}] * ends]:
            self.wfile.write(b"data: %s\n\n" % json.dumps(event).encode())
        if self.server.defect == "stays":
            self.server.is_over.wait(60)
            answer.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def events_of(line: bytes) -> Iterator[dict[str, str]]:
    if line.startswith(b"data: {"):
        for choice in json.loads(line.removeprefix(b"data: "))["choices"]:
            for name, kind in (("reasoning", "thinking"), ("content", "response")):
                if text := choice["delta"].get(name):
                    yield {"type": kind, "content": text}


@pytest.mark.parametrize(
    ("defect", "broken"),
    [
        ("", set()),
        ("asks twice", {"one upstream request each", "no retry after the first byte"}),
        ("loses text", {"all text in order"}),
        ("mixes kinds up", {"all text in order"}),
        ("ends twice", {"exactly one terminal event"}),
        ("never ends", {"exactly one terminal event"}),
    ],
)
def test_a_proxy_with_a_defect_breaks_the_rule_that_names_it(
    replaying: FakeMLX, judge: Judge, defect: str, broken: set[str]
) -> None:
    client = ClientRecorder()
    with proxying(replaying, defect) as proxy:
        client.post(url_of(proxy), {"model": "mlx_lm/hello", "messages": []})
    found = ruled(judge(client))
    assert {rule for rule, kept in found.items() if kept is False} == broken


def test_a_proxy_that_leaves_the_upstream_open_is_found_out(
    replaying: FakeMLX, judge: Judge
) -> None:
    client = ClientRecorder()
    with proxying(replaying, "stays") as proxy:
        asked = {"model": "mlx_lm/hello!stall@20", "messages": []}
        client.post(url_of(proxy), asked, leave_after=1)
        found = judge(client)
    assert [rule for rule, kept in ruled(found).items() if kept is False] == [RULES[-1]]
    assert "still open" in json.dumps(found)
