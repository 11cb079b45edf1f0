"""Which streams are recorded, within which bounds."""

import json
import stat
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks import Outcome, RawSink, SinkContext
from mlx_relay.sinks.base import HeadSink
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.recording import RecordingSinks
from support.values import stream_info

DONE = Outcome(kind="done", seconds=2)
FAILED = Outcome(kind="error", code="upstream_truncated", seconds=2)
LOST = {"sink": "recording", "what": "recordings"}


class Bench:
    """Records streams in a folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.registry = CollectorRegistry()
        self.health = SinkHealth(self.registry)
        self.data_dir = data_dir

    def sinks(self, **settings: object) -> RecordingSinks:
        return RecordingSinks.from_context(
            SinkContext(
                settings=settings,
                data_dir=self.data_dir,
                registry=self.registry,
                name="recording",
                health=self.health,
            )
        )

    def lost(self) -> float:
        return self.registry.get_sample_value("mlx_relay_sink_lost_total", LOST) or 0

    def files(self) -> list[Path]:
        return sorted((self.data_dir / "recordings").glob("*"))


async def record(
    sinks: RecordingSinks, outcome: Outcome, data: bytes = b"data: x\n\n", name: str = "s1"
) -> None:
    sink = sinks.open(msgspec.structs.replace(stream_info(), stream_id=name))
    if isinstance(sink, HeadSink) and isinstance(sink, RawSink):
        sink.receive_head(200, {"content-type": "text/event-stream"}, 0.0)
        sink.receive(data, 0.0)
    await sink.close(outcome)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_streams_that_failed_are_recorded_for_their_owner_alone(bench: Bench) -> None:
    sinks = bench.sinks()
    await record(sinks, DONE, name="done")
    await record(sinks, FAILED, name="failed")
    await sinks.close()
    [file] = bench.files()
    assert file.name.endswith("_failed.cast.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_share_of_the_streams_is_recorded_the_same_for_the_same_ids(bench: Bench) -> None:
    names = []
    for _ in range(2):
        sinks = bench.sinks(share=0.5, failed=False)
        for number in range(20):
            await record(sinks, DONE, name=f"s{number}")
        await sinks.close()
        names.append([file.name for file in bench.files()])
    assert names[0] == names[1]
    assert 0 < len(names[0]) < 20


async def test_an_answer_that_was_refused_by_its_head_is_recorded_without_a_body(
    bench: Bench,
) -> None:
    sinks = bench.sinks()
    sink = sinks.open(stream_info())
    assert isinstance(sink, HeadSink)
    sink.receive_head(503, {"retry-after": "5"}, 0.0)
    await sink.close(FAILED)
    await sinks.open(stream_info()).close(FAILED)
    await sinks.close()
    [file] = bench.files()
    header = json.loads(file.read_bytes().splitlines()[0])
    assert (header["response"]["status"], header["bytes"]) == (503, 0)
    assert bench.lost() == 0


async def test_a_share_of_nothing_takes_no_bytes(bench: Bench) -> None:
    sinks = bench.sinks(failed=False)
    assert not isinstance(sinks.open(stream_info()), RawSink)
    await sinks.close()


async def test_a_stream_too_long_is_lost_and_counted(bench: Bench) -> None:
    sinks = bench.sinks(share=1, max_stream_bytes=10)
    await record(sinks, DONE, b"x" * 11)
    await sinks.close()
    assert bench.files() == []
    assert bench.lost() == 1


async def test_a_disk_that_takes_nothing_loses_recordings_and_counts_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlx_relay.sinks.recording.CLOSE_SECONDS", 0.05)
    (bench.data_dir / "recordings").write_text("a file where the folder should be")
    sinks = bench.sinks(share=1)
    await record(sinks, DONE)
    await record(sinks, DONE, name="s2")
    await sinks.close()
    assert bench.lost() == 2


async def test_the_oldest_recordings_go_beyond_the_count_and_the_bytes(bench: Bench) -> None:
    for settings, kept in (({"keep": 2}, 2), ({"keep_bytes": 1500}, 1)):
        sinks = bench.sinks(share=1, **settings)
        for number in range(4):
            await record(sinks, DONE, b"x" * 500, name=f"s{number}")
        await sinks.close()
        assert len(bench.files()) == kept
        assert bench.files()[-1].name.endswith("_s3.cast.jsonl")


@pytest.mark.parametrize("settings", [{"share": 2}, {"keep": 0}, {"keep_requests": True}])
def test_a_setting_that_does_not_fit_is_refused(bench: Bench, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.recording"):
        bench.sinks(**settings)
