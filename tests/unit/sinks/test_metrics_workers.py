"""Two real processes that share a directory: one set of metrics, also when one of them dies."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from mlx_relay.sinks.metrics_workers import VARIABLE, collector_of, forget, prepare

WORKER = """
import asyncio, sys
from prometheus_client import CollectorRegistry
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.metrics import MetricsSinks
from support.values import stream_info

sinks = MetricsSinks(CollectorRegistry())
ended, still_open = sinks.open(stream_info()), sinks.open(stream_info())
asyncio.run(ended.close(Outcome(kind="done", seconds=2.0)))
print("ready", flush=True)
sys.stdin.read()
"""
TESTS = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a worker that has one stream ended and one open, until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env={**environment, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def sums(directory: Path) -> dict[str, float]:
    """Return what a scrape of any worker says, without the buckets."""
    text = generate_latest(collector_of(CollectorRegistry(), directory)).decode()
    samples = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name.partition("{")[0]: float(value) for name, _, value in samples}


def test_what_two_workers_saw_is_added_up_and_the_gauges_of_a_dead_one_go(tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    environment = prepare(directory)
    with worker(environment) as first, worker(environment):
        both = sums(directory)
        first.kill()
        first.wait(PATIENCE_SECONDS)
        forget(directory, first.pid)
        one = sums(directory)
    assert both["mlx_relay_streams_total"] == one["mlx_relay_streams_total"] == 2
    assert both["gen_ai_server_request_duration_seconds_sum"] == 4
    assert (both["mlx_relay_active_streams"], one["mlx_relay_active_streams"]) == (2, 1)
    assert both["mlx_relay_build_info"] == one["mlx_relay_build_info"] == 1


def test_a_new_run_begins_with_nothing(tmp_path: Path) -> None:
    with worker(prepare(tmp_path)):
        assert sums(tmp_path)
    assert prepare(tmp_path) == {VARIABLE: str(tmp_path)}
    assert sums(tmp_path) == {}


def test_a_process_by_itself_is_scraped_for_its_own_registry() -> None:
    registry = CollectorRegistry()
    assert collector_of(registry, None) is registry
