"""Bad sinks under the real service, all at once: no byte changes, and what they lost is counted."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

import aiohttp
import pytest

from support import bad_sinks
from support.full_disk import full_disk
from support.lockstep import Lockstep, events_in, lockstep
from support.processes import ROOT
from support.relay import RelayService, relay_service
from support.sink_state import counted, wait_for_status, wait_until_counted
from support.stamped import latencies, stamping_model

STREAMS = 3
PACED_STREAMS = 10
ROUNDS = 7
BLOCKED_SECONDS = 20.0
BAD_SINKS = (
    "RaisesInOpen",
    "RaisesInSend",
    "RaisesInReceive",
    "RaisesInClose",
    "HangsInClose",
    "BlocksInSend",
    "HangsInItsThread",
)
PATIENCE_SECONDS = 60.0


class Bench:
    """A relay with all bad sinks, and what each of them wrote down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PYTHONPATH": str(ROOT / "tests")}

    def config(self) -> Path:
        names = ", ".join(f'"{self.name(sink)}"' for sink in BAD_SINKS)
        tables = (f'[sink."{self.name(sink)}"]\npath = "{self.path(sink)}"\n' for sink in BAD_SINKS)
        config = self.folder / "relay.toml"
        config.write_text(f'sinks = ["log", "metrics", {names}]\n' + "".join(tables))
        return config

    def name(self, sink: str) -> str:
        return f"support.bad_sinks:{sink}"

    def path(self, sink: str) -> Path:
        return self.folder / sink

    def unblock(self) -> None:
        """Let the sink that blocks go on."""
        self.path("BlocksInSend.go").touch()

    def taken(self, sink: str) -> Counter[str]:
        """Return what *sink* wrote down that it took."""
        taken: Counter[str] = Counter()
        for line in self.path(sink).read_text().splitlines():
            what, count = line.split()
            taken[what] += int(count)
        return taken

    async def wait_until_blocked(self, session: aiohttp.ClientSession) -> None:
        """Wait until the sink that blocks has got its first batch, and no other."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (taken := self.taken("BlocksInSend")):
                await counted(session, self.name("BlocksInSend"))
        assert taken == {"blocks": 1}

    async def wait_until_all_is_accounted_for(
        self, session: aiohttp.ClientSession, sink: str, sent: dict[str, int]
    ) -> Counter[str]:
        """Wait until what *sink* took and what it lost add up to *sent*; return what it lost."""
        lost: Counter[str] = Counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    lost = Counter(await counted(session, self.name(sink)))
                    taken = self.taken(sink)
                    if all(lost[what] + taken[what] == sent[what] for what in sent):
                        return lost
        except TimeoutError:
            raise AssertionError(f"{sink}: {lost=}, {self.taken(sink)=}, {sent=}") from None


async def add_profile(relay: RelayService, session: aiohttp.ClientSession, model: Lockstep) -> int:
    return await relay.add_profile(
        session, name="step", host="127.0.0.1", port=model.port, model_path="m"
    )


async def bytes_without_sinks(relay: RelayService, model: Lockstep) -> bytes:
    async with relay.session() as session:
        profile_id = await add_profile(relay, session, model)
        expected = await model.chat(relay, profile_id)
        async with session.delete(f"/api/profiles/{profile_id}"):
            return expected


async def test_bad_sinks_change_no_byte_and_the_counters_tell_exactly_what_each_lost(
    relay: RelayService, tmp_path: Path
) -> None:
    bench = Bench(tmp_path)
    arguments = ("--config", str(bench.config()))
    async with lockstep() as model:
        expected = await bytes_without_sinks(relay, model)
        with relay_service(tmp_path / "data", *arguments, env=bench.env) as own:
            async with own.session() as session:
                profile_id = await add_profile(own, session, model)
                for _ in range(STREAMS):
                    assert await model.chat(own, profile_id) == expected
                await bench.wait_until_blocked(session)
                bench.unblock()
                await check_counters(bench, session, events_in(expected))


async def check_counters(bench: Bench, session: aiohttp.ClientSession, events: int) -> None:
    sent = {"streams": STREAMS, "events": STREAMS * events}
    for sink in BAD_SINKS[:5]:
        lost = await bench.wait_until_all_is_accounted_for(session, sink, sent)
        assert lost["failures"] >= 1
        assert lost["streams"] == STREAMS
    state = await wait_for_status(session, "degraded")
    assert set(state["sinks"]) == {bench.name(sink) for sink in BAD_SINKS[:5]}
    assert not await bench.wait_until_all_is_accounted_for(session, "BlocksInSend", sent)
    lost = await bench.wait_until_all_is_accounted_for(
        session, "HangsInItsThread", {"streams": STREAMS, "own_events": STREAMS * events}
    )
    assert lost == {"own_events": STREAMS * events - bad_sinks.QUEUE_SIZE - 1}
    assert await counted(session, "log") == {}


async def test_recordings_for_a_full_disk_wait_and_change_no_byte(
    relay: RelayService, tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    config = tmp_path / "relay.toml"
    config.write_text(
        f'sinks = ["metrics", "recording"]\n[sink.recording]\nshare = 1\npath = "{folder}"\n'
    )
    with full_disk(folder) as disk:
        if not disk.is_mounted:
            pytest.skip("mounting a small disk needs root on Linux")
        async with lockstep() as model:
            expected = await bytes_without_sinks(relay, model)
            with relay_service(tmp_path / "data", "--config", str(config)) as own:
                async with own.session() as session:
                    profile_id = await add_profile(own, session, model)
                    disk.fill(folder / "ballast")
                    for _ in range(STREAMS):
                        assert await model.chat(own, profile_id) == expected
                    state = await wait_for_status(session, "degraded")
                    assert state["sinks"] == {"recording": "No space left on device"}
                    disk.free()
                    await wait_for_status(session, "ready")
                    await wait_until_counted(session, "recording", {})
                assert own.service.stop() == 0
        assert len(list(folder.glob("*.cast.jsonl"))) == STREAMS


@pytest.mark.nightly
async def test_bad_sinks_add_no_more_than_5_ms_to_any_token_but_one_in_a_hundred(
    tmp_path: Path,
) -> None:
    """With them and without them at the same moments, so that both have the same weather."""
    bench = Bench(tmp_path)
    arguments = ("--config", str(bench.config()))
    alone_env = {"MLX_RELAY_SINKS": "log,metrics"}
    added: list[float] = []
    async with stamping_model() as port:
        with (
            relay_service(tmp_path / "alone", env=alone_env) as alone,
            relay_service(tmp_path / "data", *arguments, env=bench.env) as own,
        ):
            asyncio.get_running_loop().call_later(BLOCKED_SECONDS, bench.unblock)
            for _ in range(ROUNDS):
                without, with_them = await asyncio.gather(
                    latencies_of(alone, port), latencies_of(own, port)
                )
                added.append(p99(with_them) - p99(without))
    assert median(added) <= 0.005, added


def p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


async def latencies_of(relay: RelayService, port: int) -> list[float]:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=f"p{time.monotonic_ns()}", host="127.0.0.1", port=port, model_path="m"
        )
        streams = [latencies(session, profile_id) for _ in range(PACED_STREAMS)]
        return [latency for found in await asyncio.gather(*streams) for latency in found]
