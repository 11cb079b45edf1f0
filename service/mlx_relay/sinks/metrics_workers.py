"""Several worker processes in; one set of metrics out.

The way of prometheus-client: with ``PROMETHEUS_MULTIPROC_DIR`` in its environment a process keeps
its values in memory-mapped files there, and whichever is scraped adds up the files of all. The
parent of the workers calls ``prepare``, starts them with what it returns, and calls ``forget`` for
each that ends: counters and histograms of the dead stay in the sums, their gauges go.

A process without that variable keeps its metrics to itself, which is faster.
"""

from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare(directory: Path) -> dict[str, str]:
    """Make *directory*, empty it of an earlier run, return what the workers' environment needs."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in directory.glob("*.db"):
        file.unlink()
    return {VARIABLE: str(directory)}


def forget(directory: Path, pid: int) -> None:
    """Take the gauges of a worker that ended out of the sums."""
    mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]  # no types there


def collector_of(registry: CollectorRegistry, directory: Path | None) -> Collector:
    """Return what a scrape reads: all workers' files in *directory*, or this process's registry."""
    if directory is None:
        return registry
    return MultiProcessCollector(None, str(directory))  # type: ignore[no-untyped-call]  # no types there
