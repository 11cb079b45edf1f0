"""What the relay costs, against yardsticks in the same run: a table on stdout, figures as JSON.

Measured for each target: CPU microseconds per token, the latency it adds to each token and to the
first one, memory per open stream. Times vary with the machine; the ratios are what counts.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import targets
import uvloop
from streams import Take, take, take_many
from targets import Target

import cassettes

PACED_SECONDS: Final = 0.020
PACED_TOKENS: Final = 400
PACED_STREAMS: Final = 50
LONG_TOKENS: Final = 20_000
LONG_STREAMS: Final = 8

Start = Callable[[Path, Target], AbstractContextManager[Target]]
STARTS: dict[str, Start] = {
    "direct": lambda _, upstream: nullcontext(upstream),
    "nginx": targets.nginx,
    "naive": lambda _, upstream: targets.naive(upstream),
    "relay": lambda home, upstream: targets.relay(home, upstream, "relay", "sse"),
    "relay+sinks": lambda home, upstream: targets.relay(
        home, upstream, "relay+sinks", "sse,log,metrics"
    ),
}


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def check(takes: list[Take], tokens: int) -> None:
    """Stop unless every stream has its whole text."""
    expected = cassettes.text(tokens)
    wrong = sum(taken.text() != expected for taken in takes)
    if wrong:
        raise SystemExit(f"{wrong} of {len(takes)} streams are not whole")


async def journal(upstream: Target) -> dict[str, list[float]]:
    """Return when the fake sent each token, by the stream's message; and forget it."""
    raw = (await take(upstream.port, _fake_request("GET", "/_fake/journal?stamps=1"))).raw
    entries = json.loads(raw.partition(b"\r\n\r\n")[2])
    await take(upstream.port, _fake_request("DELETE", "/_fake/journal"))
    return {entry["body"]["messages"][0]["content"]: entry["sent_at"] for entry in entries}


def _fake_request(method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n".encode()


async def paced(target: Target, upstream: Target, streams: int = PACED_STREAMS) -> dict[str, Any]:
    """Take *streams* streams at a model's pace."""
    before = target.cpu_seconds()
    takes = await take_many(target.port, streams, lambda n: target.request("paced", n), spread=0.5)
    cpu = target.cpu_seconds() - before
    check(takes, PACED_TOKENS)
    sent = await journal(upstream)
    added = [
        (arrival - left) * 1000
        for number, taken in enumerate(takes)
        for arrival, left in zip(taken.arrivals, sent[f"stream {number}"], strict=False)
    ]
    first = [(taken.arrivals[0] - taken.started - PACED_SECONDS) * 1000 for taken in takes]
    return {
        "cpu_us_per_token": cpu / (streams * PACED_TOKENS) * 1e6,
        "added_ms_p50": quantile(added, 0.5),
        "added_ms_p99": quantile(added, 0.99),
        "first_ms_p50": quantile(first, 0.5),
        "first_ms_p99": quantile(first, 0.99),
    }


async def full_speed(target: Target, streams: int = LONG_STREAMS) -> dict[str, Any]:
    """Take long streams as fast as they come."""
    before, started = target.cpu_seconds(), time.monotonic()
    takes = await take_many(target.port, streams, lambda n: target.request("long", n), spread=0)
    cpu, seconds = target.cpu_seconds() - before, time.monotonic() - started
    check(takes, LONG_TOKENS)
    tokens = streams * LONG_TOKENS
    return {"cpu_us_per_token": cpu / tokens * 1e6, "tokens_per_second": tokens / seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="measure only these targets")
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = uvloop.run(measure(Path(name), arguments.only))
    for key, row in figures.items():
        cells = "  ".join(f"{k} {v:,.2f}" for k, v in row.items())
        sys.stdout.write(f"{key:<22} {cells}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


async def measure(folder: Path, only: list[str] | None) -> dict[str, Any]:
    """Return the figures of every target, paced and at full speed."""
    library = folder / "cassettes"
    library.mkdir()
    cassettes.write(library, "paced", PACED_TOKENS, PACED_SECONDS)
    cassettes.write(library, "long", LONG_TOKENS, PACED_SECONDS)
    cassettes.stamp(library)
    figures: dict[str, Any] = {}
    for speed in ("original", "max"):
        home = folder / speed
        home.mkdir()
        with targets.fake(library, speed) as upstream:
            for name, start in STARTS.items():
                if only and name not in only:
                    continue
                with start(home, upstream) as target:
                    if speed == "original":
                        figures[f"paced {name}"] = await paced(target, upstream)
                    else:
                        figures[f"full {name}"] = await full_speed(target)
    return figures


if __name__ == "__main__":
    main()
