"""Real runs, small: Locust in processes of its own, a real relay and a real fake."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from support.balancer import program
from support.processes import ROOT, START_SECONDS

SHORT_STREAMS = "1"
"""A seed whose first second brings nobody who stays long."""
RUN_SECONDS = 2 * START_SECONDS
NO_CLOCK = (
    "first event p99 ms", "added to the first answer p50 ms", "added to the first answer p90 ms",
    "added to a gap p99 ms", "load tool late p99 ms",
)  # fmt: skip
"""Times are no business of a test that runs on a busy machine."""


def load(out: Path, *arguments: str) -> tuple[int, str]:
    """Run a load test in a process group of its own; return its exit code and what it printed."""
    limits = [word for name in NO_CLOCK for word in ("--limit", f"{name}=1e9")]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "loadtests/run.py"), "--out", str(out), *limits, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return process.returncode, said


def results(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found


def processes_of(name: str) -> list[psutil.Process]:
    """Return processes whose command line has *name* in it."""
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if name in " ".join(process.info["cmdline"] or ())]


def test_two_workers_before_two_relays_verify_every_stream_and_leave_nothing_behind(
    tmp_path: Path,
) -> None:
    for name, package in (("nginx", "nginx-light"), ("redis-server", "redis-server")):
        program(name, package)
    size = ("--seconds", "2", "--rate", "12", "--seed", "5")
    code, said = load(tmp_path, *size, "--workers", "2", "--relays", "2")
    assert code == 0, said
    for number in range(2):
        assert "redis_is_here" in (tmp_path / f"relay-{number}.log").read_text()
    found = results(tmp_path)
    totals = found["totals"]
    assert totals["finished"] == 2
    assert totals["started"] == totals["verified"] + totals["left"] + totals["broken as planned"]
    assert totals["retries"] == totals["broken as planned"]
    assert totals["logins"] >= 8, "each worker knows four accounts"
    assert "first answer, direct" in found["latency_ms"]
    assert all(sample["memory_mib"] > 0 < sample["open_files"] for sample in found["samples"])
    assert found["samples"]
    for name in ("report.html", "locust.html", "locust.json", "locust_stats_history.csv"):
        assert (tmp_path / name).stat().st_size > 0
    assert processes_of(str(tmp_path)) == []


def test_a_missed_threshold_sets_the_exit_code_and_is_named(tmp_path: Path) -> None:
    limit = ("--limit", "first event p99 ms=0.001")
    code, said = load(tmp_path, "--seconds", "1", "--rate", "6", "--seed", SHORT_STREAMS, *limit)
    assert code == 1
    assert "MISSED  first event p99 ms" in said
    assert "thresholds missed" in (tmp_path / "report.html").read_text()


def test_a_threshold_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    code, said = load(tmp_path, "--limit", "no such thing=1")
    assert code == 2
    assert "no such threshold: no such thing" in said
