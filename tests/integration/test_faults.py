"""Every fault of the fake, through the real relay process: how the stream ends, what is counted and
logged, and that nothing stays open on either side."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from fake_mlx.faults import FAULTS, parse_model
from fake_mlx.library import load
from integration.conftest import CASSETTES
from integration.test_recordings import check_order
from support.oracle import expect
from support.processes import Service, running
from support.relay import Events, RelayService, events_of, relay_service, text_of

CHUNKED = "mlx_openai_server/hello"
CLOSED = "mlx_lm/hello"
DEADLINES = {"response_head": 1, "first_event": 1.5, "next_event": 0.4, "total": 20}


class Case(NamedTuple):
    """Faults over a cassette, and how its stream must end: ``done``, or a code and a cause.

    *stays*: the upstream would stay open for ever, so that only the relay can have closed it.
    """

    fault: str
    code: str = "done"
    cause: str = ""
    cassette: str = CHUNKED
    stays: bool = False

    @property
    def model(self) -> str:
        return f"{self.cassette}!{self.fault}"

    @property
    def profile(self) -> str:
        return re.sub(r"[/@!]", ".", f"{self.fault}-{self.cassette}")


BROKEN = "upstream_protocol|upstream_timeout"
"""aiohttp's reader notices broken framing at once or never, as the reads fall."""

DECIDED_BY_THE_HEAD = [
    Case("bad_status_line", "upstream_protocol", "protocol"),
    Case("header_flood", "upstream_protocol", "protocol"),
    Case("garbage", "upstream_protocol", "protocol"),
    Case("html", "upstream_protocol", "content_type"),
    Case("no_content_type", "upstream_protocol", "content_type"),
    Case("gzip", "upstream_protocol", "encoding"),
    Case("gzip_lie", "upstream_protocol", "encoding"),
    Case("http_204", "upstream_protocol", "bad_status"),
    Case("http_301", "upstream_protocol", "redirect"),
    Case("http_307", "upstream_protocol", "redirect"),
    Case("http_400_mlx_lm", "upstream_rejected", "4xx"),
    Case("http_400_mlx_openai_server", "upstream_rejected", "4xx"),
    Case("http_400_mlx_vlm", "upstream_rejected", "4xx"),
    Case("http_401_mlx_vlm", "upstream_rejected", "auth"),
    Case("http_403", "upstream_rejected", "auth"),
    Case("http_404_mlx_lm", "upstream_rejected", "4xx"),
    Case("http_404_mlx_openai_server", "upstream_rejected", "4xx"),
    Case("http_413", "upstream_rejected", "4xx"),
    Case("http_422", "upstream_rejected", "4xx"),
    Case("http_429", "upstream_busy", "429"),
    Case("http_500_mlx_vlm", "upstream_error", "5xx"),
    Case("http_500_text", "upstream_error", "5xx"),
    Case("http_502", "upstream_error", "5xx"),
    Case("http_503_mlx_lm", "upstream_error", "5xx"),
    Case("http_504", "upstream_error", "5xx"),
]

CASES = [
    *DECIDED_BY_THE_HEAD,
    Case("refuse", "upstream_unreachable", "closed"),
    Case("close", "upstream_unreachable", "closed"),
    Case("hang", "upstream_timeout", "header_timeout", stays=True),
    Case("half_head", "upstream_unreachable", "closed"),
    Case("dribble_head"),
    Case("dribble_head", cassette=CLOSED),
    Case("interim"),
    Case("fin@700", "upstream_truncated", "truncated", CLOSED),
    Case("rst@700", "upstream_truncated", "truncated|empty", CLOSED),
    Case("cut@700", "upstream_truncated", "truncated"),
    Case("reset@700", "upstream_truncated", "truncated|empty"),
    Case("no_final_chunk"),
    Case("empty", "upstream_truncated", "empty"),
    Case("bad_chunk_size@6", BROKEN, "protocol|idle|no_progress", stays=True),
    Case("negative_chunk_size@6", BROKEN, "protocol|idle|no_progress", stays=True),
    Case("huge_chunk_size@6", BROKEN, "protocol|idle|no_progress", stays=True),
    Case("missing_crlf@6", BROKEN, "protocol|idle|no_progress", stays=True),
    Case("long_chunk_then_silence@6", "upstream_timeout", "idle", stays=True),
    Case("stall@0", "upstream_timeout", "no_progress", stays=True),
    Case("stall@6", "upstream_timeout", "idle", stays=True),
    Case("stall@6", "upstream_timeout", "idle", CLOSED, stays=True),
    Case("comments", "upstream_timeout", "no_progress", stays=True),
    Case("endless", "upstream_timeout", "total", stays=True),
    Case("long_line", "limit_exceeded", "event_too_large", stays=True),
    Case("one_byte"),
    Case("one_byte", cassette=CLOSED),
    Case("merge"),
    Case("split_utf8", cassette="mlx_lm/cjk_hello"),
    Case("cr"),
    Case("crlf"),
    Case("bom"),
    Case("no_done"),
    Case("double_done"),
    Case("no_finish", "upstream_truncated", "truncated"),
    Case("error_frame", "upstream_error", "in_band"),
    Case("error_frame_done", "upstream_error", "in_band"),
    Case("busy_frame", "upstream_busy", "in_band"),
    Case("invalid_json"),
    Case("only_invalid_json", "upstream_protocol", "bad_json"),
    # the same early ends, while the upstream stays open
    *(case._replace(fault=f"{case.fault}!stall@0", stays=True) for case in DECIDED_BY_THE_HEAD),
    Case("error_frame@6!stall@7", "upstream_error", "in_band", stays=True),
    Case("error_frame_done@6!stall@9", "upstream_error", "in_band", stays=True),
    Case("busy_frame@6!stall@7", "upstream_busy", "in_band", stays=True),
    Case("only_invalid_json@6!stall@15", "upstream_protocol", "bad_json", stays=True),
    Case("stall@999", stays=True),  # behind [DONE]
    Case("stall@999", stays=True, cassette=CLOSED),
]
CONNECTION_FAULTS = {"deaf"}


@pytest.fixture(scope="module")
def faulty() -> Iterator[Service]:
    arguments = ("serve", "--port", "0", "--cassettes", str(CASSETTES), "--speed", "max")
    with running("fake_mlx", *arguments) as service:
        yield service


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    """A relay of its own, so that open files are those of these streams."""
    with relay_service(tmp_path_factory.mktemp("faults")) as service:
        yield service


@pytest.fixture
async def session(relay: RelayService) -> AsyncIterator[aiohttp.ClientSession]:
    async with relay.session() as session:
        yield session


def test_every_fault_is_in_the_matrix() -> None:
    faults = {fault.kind for case in CASES for fault in parse_model(case.model)[1]}
    assert faults | CONNECTION_FAULTS == set(FAULTS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.fault}-{case.cassette}")
async def test_a_fault_ends_as_documented_and_leaves_nothing_open(
    relay: RelayService, faulty: Service, session: aiohttp.ClientSession, case: Case
) -> None:
    deadlines = DEADLINES | ({"total": 1} if case.fault == "endless" else {})
    profile_id = await relay.add_profile(
        session,
        name=case.profile,
        host="127.0.0.1",
        port=faulty.port,
        model_path=case.model,
        deadlines=deadlines,
    )
    base_line = open_files(relay.service.process.pid)
    events = await relay.chat(session, profile_id)
    check_end(events, case)
    await check_the_log(relay, case.profile, events[-1])
    await check_the_metrics(session, case.profile, events[-1])
    await check_the_upstream(faulty, case)
    await until(lambda: as_result(open_files(relay.service.process.pid) <= base_line))


def check_end(events: Events, case: Case) -> None:
    check_order(events)
    last = events[-1]
    if case.code == "done":
        assert last["type"] == "done"
        check_the_text(events, case.cassette)
    else:
        assert last["type"] == "error"
        assert re.fullmatch(case.code, last["code"])
        assert re.fullmatch(case.cause, last["detail"])


def check_the_text(events: Events, name: str) -> None:
    cassette = load(CASSETTES / f"{name}.cast.jsonl")
    expected = expect(200, cassette.body, reads_tags=True)
    assert text_of(events, "thinking") == expected.thinking
    assert text_of(events, "response") == expected.response


async def check_the_log(relay: RelayService, profile: str, last: dict[str, Any]) -> None:
    path = relay.data_dir / "logs" / "streams.jsonl"

    async def ended() -> list[dict[str, Any]]:
        records = [json.loads(line) for line in path.read_text().splitlines()]
        ids = {r["stream_id"] for r in records if r.get("profile") == profile}
        return [r for r in records if r["record"] == "stream_ended" and r["stream_id"] in ids]

    [record] = await until(ended)
    assert record["kind"] == last["type"]
    assert record.get("code") == last.get("code")
    assert record.get("cause") == last.get("detail")


async def check_the_metrics(
    session: aiohttp.ClientSession, profile: str, last: dict[str, Any]
) -> None:
    async def scraped() -> str:
        async with session.get("/metrics") as answer:
            return await answer.text()

    async def counted() -> bool:
        text = await scraped()
        ended = value(text, "mlx_relay_streams_total", profile, last["type"])
        return ended == 1 and value(text, "mlx_relay_active_streams", profile) == 0

    await until(counted)
    if last["type"] == "error":
        labels = (profile, last["code"], last["detail"])
        assert value(await scraped(), "mlx_relay_stream_errors_total", *labels) == 1


def value(text: str, name: str, *labels: str) -> float:
    """Return the sample *name* that has all *labels*; -1 if there is none."""
    for line in text.splitlines():
        if line.startswith(f"{name}{{") and all(f'"{label}"' in line for label in labels):
            return float(line.rpartition(" ")[2])
    return -1


async def check_the_upstream(faulty: Service, case: Case) -> None:
    """Assert that there was one request, and that its replay is over: by the relay's closing it
    where nobody else would."""
    [entry] = await settled_entries(faulty, case.model)
    assert entry["state"] == "client_left" or not case.stays


async def settled_entries(faulty: Service, model: str) -> list[dict[str, Any]]:
    """Return the journal of *model*, with stamps, once none of its replays is under way."""

    async def entries() -> list[dict[str, Any]]:
        async with (
            aiohttp.ClientSession() as direct,
            direct.get(f"{faulty.url}/_fake/journal?stamps=1") as answer,
        ):
            journal = [e for e in json.loads(await answer.text()) if e["model"] == model]
        return [] if any(e["state"] == "streaming" for e in journal) else journal

    found: list[dict[str, Any]] = await until(entries)
    return found


async def test_a_server_that_never_reads_the_request_ends_in_a_timeout(
    relay: RelayService, faulty: Service, session: aiohttp.ClientSession
) -> None:
    large = [{"role": "user", "content": "x" * 8_000_000}]
    profile_id = await relay.add_profile(
        session,
        name="deaf",
        host="127.0.0.1",
        port=faulty.port,
        model_path=f"{CHUNKED}!deaf",
        deadlines=DEADLINES,
    )
    base_line = open_files(relay.service.process.pid)
    request = json.dumps({"profile_id": profile_id, "messages": large}).encode()
    headers = {"Content-Type": "application/json"}
    async with session.post(
        "/api/chat/completions", data=io.BytesIO(request), headers=headers
    ) as answer:
        last = events_of(await answer.text())[-1]
    assert (last["code"], last["detail"]) == ("upstream_timeout", "header_timeout")
    await until(lambda: as_result(open_files(relay.service.process.pid) <= base_line))


async def test_nobody_listening_is_a_refused_connection(
    relay: RelayService, session: aiohttp.ClientSession
) -> None:
    with running("fake_mlx", "serve", "--port", "0") as gone:
        port = gone.port
    profile_id = await relay.add_profile(
        session, name="gone", host="127.0.0.1", port=port, model_path="m"
    )
    last = (await relay.chat(session, profile_id))[-1]
    assert (last["code"], last["detail"]) == ("upstream_unreachable", "refused")


def open_files(pid: int) -> int:
    """Return how many files the process has open; 0 where the system does not show it."""
    folder = Path(f"/proc/{pid}/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


async def as_result(value: bool) -> bool:
    return value


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Return what *look* finds once it finds something."""
    async with asyncio.timeout(5):
        while not (found := await look()):  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)
        return found
