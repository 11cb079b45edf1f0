"""Runs one load test: servers, Locust, a report. Options in; tables and an exit code out.

``make load`` and ``make soak`` call it. Exit codes: 0 all thresholds kept, 1 one was missed.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any, Final

from load import leaks, report, results
from load.journal import unnoticed
from load.locusts import Options, locusts
from load.progress import line_of
from load.results import Results
from load.samples import Sampler
from load.schedule import SHAPES
from load.servers import servers
from load.table import table
from load.thresholds import LIMITS

GRACE_SECONDS: Final = 180.0
"""After the schedule; a Locust that has not ended by then is killed."""


def main() -> int:
    options, out = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    out.mkdir(parents=True, exist_ok=True)
    for name in ("results.json", "report.html"):  # a run that fails must not show the last one's
        (out / name).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = run(options, Path(folder), out)
    found.save(out / "results.json")
    report.write(found, out / "report.html")
    sys.stdout.write(f"\n{table(found)}\n\nreport: {out / 'report.html'}\n")
    return 0 if found.kept else 1


def run(options: Options, folder: Path, out: Path) -> Results:
    """Start everything, wait until Locust is through, and gather what was found."""
    _say("starting the servers")
    with servers(folder, out, options.relays) as (fake, relays, plan):
        plan.save(out / "plan.json")
        with locusts(options, out) as load:
            processes = {
                "relay": [relay.pid for relay in relays],
                "fake": [fake.pid],
                "load": [process.pid for process in load],
            }
            with Sampler(processes) as sampler:
                _follow(load[0], options.seconds)
        if not (out / "results.json").exists():
            raise SystemExit(f"Locust failed: {(out / 'locust.log').read_text()}")
        found = results.read(out / "results.json", _shown(options), sampler.samples)
        found.verdicts.append(unnoticed(fake.port))
    if options.shape == "soak":
        found.verdicts += leaks.verdicts(found.samples)
    return found


def _follow(locust: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Show Locust's figures until it ends."""
    assert locust.stdout is not None
    guard = threading.Timer(seconds + GRACE_SECONDS, locust.kill)
    guard.start()
    try:
        _show(locust.stdout, seconds)
        locust.wait()
    finally:
        guard.cancel()


def _show(output: IO[bytes], seconds: float) -> None:
    """Show each line of figures on a terminal, else one every ten seconds."""
    started, shown = time.monotonic(), -10.0
    for line in output:
        elapsed = time.monotonic() - started
        if line.startswith(b'{"open"') and (sys.stdout.isatty() or elapsed > shown + 10):
            shown = elapsed
            _say(line_of(json.loads(line), elapsed, seconds))


def _say(line: str) -> None:
    """Print a progress line: over the last one on a terminal, else below it."""
    sys.stdout.write(f"\r\x1b[2K{line}" if sys.stdout.isatty() else f"{line}\n")
    sys.stdout.flush()


def _shown(options: Options) -> dict[str, Any]:
    return {
        "shape": options.shape,
        "visitors a second": options.rate,
        "seconds": options.seconds,
        "seed": options.seed,
        "workers": options.workers,
        "relays": options.relays,
    }


def _options() -> tuple[Options, Path]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=list(SHAPES), default="steady")
    parser.add_argument("--rate", type=float, default=4.0, help="visitors a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", default="1", help="the same seed, the same arrivals")
    parser.add_argument("--workers", type=int, default=0, help="Locust workers beside a master")
    parser.add_argument("--relays", type=int, default=1, help="behind nginx, if there are several")
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=NUMBER",
                        help="a threshold other than usual")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("build/load"))
    given = parser.parse_args()
    limits = {name: float(number) for name, _, number in (x.partition("=") for x in given.limit)}
    if unknown := sorted(limits.keys() - LIMITS):
        parser.error(f"no such threshold: {', '.join(unknown)}; there are: {', '.join(LIMITS)}")
    load = (given.shape, given.rate, given.seconds, given.seed, given.workers)
    options = Options(*load, json.dumps(limits), given.relays)
    return options, given.out


if __name__ == "__main__":
    sys.exit(main())
