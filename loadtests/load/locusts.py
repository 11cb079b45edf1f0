"""Options in; Locust's processes out: one, or a master and its workers."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from load.processes import end, free_port

LOCUSTFILE: Final = Path(__file__).resolve().parents[1] / "locustfile.py"


class Options(msgspec.Struct):
    """How much load, of which shape, from how many processes (0 workers: one that does all).

    *relays* are behind nginx if there are several.
    """

    shape: str
    rate: float
    seconds: float
    seed: str
    workers: int
    limits: str
    relays: int = 1

    @property
    def slot_seconds(self) -> float:
        """Sixty to a hundred and twenty slots are what a plot can show."""
        return max(1.0, float(int(self.seconds / 60)))


@contextmanager
def locusts(options: Options, out: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run Locust with the plan and reports in *out*; yields the one that decides, then workers.

    The first one's stdout has its figures, a line of JSON each second.
    """
    own = ("--plan", out / "plan.json", "--results", out / "results.json",
           "--shape", options.shape, "--rate", options.rate, "--seconds", options.seconds,
           "--slot-seconds", options.slot_seconds, "--seed", options.seed,
           "--dispatchers", max(1, options.workers), "--limits", options.limits)  # fmt: skip
    reports = ("--csv", out / "locust", "--csv-full-history",
               "--html", out / "locust.html", "--json-file", out / "locust")  # fmt: skip
    port = free_port()
    with ExitStack() as stack:
        role: tuple[object, ...] = ()
        if options.workers:
            role = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port,
                    "--expect-workers", options.workers,
                    "--expect-workers-max-wait", 60)  # fmt: skip
        main = _locust(out / "locust.log", *own, *reports, *role, stdout=subprocess.PIPE)
        worker = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
        workers = [_locust(out / f"worker-{n}.log", *worker) for n in range(options.workers)]
        yield [stack.enter_context(process) for process in (main, *workers)]


@contextmanager
def _locust(
    log: Path, *arguments: object, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one Locust process; what it complains of goes to *log*."""
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless",
               "--only-summary", "--stop-timeout", "30s", *map(str, arguments)]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=stdout, stderr=output)
    try:
        yield process
    finally:
        end(process)
        if process.stdout:
            process.stdout.close()
