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
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from statistics import median
from typing import Any, Final

import bars
import targets
import uvloop
from many import SLOW_SECONDS, SLOW_TOKENS, many
from streams import Take, take, take_many
from targets import Target

import cassettes

PACED_SECONDS: Final = 0.020
PACED_TOKENS: Final = 800
PACED_STREAMS: Final = 50
SPREAD_SECONDS: Final = 0.52
"""Starts are 10.4 ms apart: tokens of all streams then come evenly, not two dozen at a time."""
ROUNDS: Final = 3
IN_EACH_ROUND: Final = ("direct", "nginx", "relay", "relay+sinks", "relay-2-workers")
"""What the narrow bars compare: a neighbour's load comes and goes within a minute."""
LONG_TOKENS: Final = 20_000
MANY: Final = (1000, 5000)
BASELINE: Final = Path(__file__).with_name("baseline.json")

Start = Callable[[Path, Target], AbstractContextManager[Target]]
STARTS: dict[str, Start] = {
    "direct": lambda _, upstream: nullcontext(upstream),
    "nginx": targets.nginx,
    "naive": lambda _, upstream: targets.naive(upstream),
    "relay": lambda home, upstream: targets.relay(home, upstream, "relay", "sse"),
    "relay+sinks": lambda home, upstream: targets.relay(
        home, upstream, "relay+sinks", "sse,log,metrics"
    ),
    "relay-2-workers": lambda home, upstream: targets.relay(
        home, upstream, "relay-2-workers", "sse", "--workers", "2"
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
    """Take *streams* streams at a model's pace, once the target is warm."""
    await take_many(target.port, 8, lambda n: target.request("warm", n), spread=0.1)
    await journal(upstream)
    before = target.cpu_seconds()
    takes = await take_many(
        target.port, streams, lambda n: target.request("paced", n), spread=SPREAD_SECONDS
    )
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


async def full_speed(target: Target, model: str, tokens: int, streams: int) -> dict[str, Any]:
    """Take long streams as fast as they come."""
    before, started = target.cpu_seconds(), time.monotonic()
    takes = await take_many(target.port, streams, lambda n: target.request(model, n), spread=0)
    cpu, seconds = target.cpu_seconds() - before, time.monotonic() - started
    check(takes, tokens)
    total = streams * tokens
    return {"cpu_us_per_token": cpu / total * 1e6, "tokens_per_second": total / seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="measure only these targets")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--write-baseline", action="store_true", help="make these the baseline")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = uvloop.run(measure(Path(name), arguments.only))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    if arguments.write_baseline:
        BASELINE.write_text(json.dumps(bars.ratios(figures), indent=2) + "\n")
    sys.exit(judge(figures))


def judge(figures: bars.Figures) -> int:
    """Print what was found; return the exit code: 1 if a bar is missed."""
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    say("")
    for name, ratio in bars.ratios(figures).items():
        say(f"{name:<62} {ratio:8.3f}   baseline {baseline.get(name, float('nan')):8.3f}")
    wrong = [*bars.missed(figures), *bars.regressions(figures, baseline)]
    for line in wrong:
        say(f"MISSED  {line}")
    if not targets.has_nginx():
        say("nginx is not installed: left out")
    return 1 if wrong else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Figures(dict[str, dict[str, Any]]):
    """Figures by their names; each is printed as it comes."""

    def __setitem__(self, key: str, row: dict[str, Any]) -> None:
        super().__setitem__(key, row)
        say(f"{key:<24}" + "".join(f"{name} {value:,.2f}   " for name, value in row.items()))


async def measure(folder: Path, only: list[str] | None) -> Figures:
    """Return the figures of every target: paced, at full speed, and with many slow streams."""
    library = folder / "cassettes"
    library.mkdir()
    cassettes.write(library, "paced", PACED_TOKENS, PACED_SECONDS)
    cassettes.write(library, "long", LONG_TOKENS, PACED_SECONDS)
    cassettes.write(library, "longer", 2 * LONG_TOKENS, PACED_SECONDS)
    cassettes.write(library, "warm", 20, 0.001)
    cassettes.write(library, "slow", SLOW_TOKENS, SLOW_SECONDS)
    cassettes.stamp(library)
    figures = Figures()
    chosen = {name: start for name, start in STARTS.items() if not only or name in only}
    if not targets.has_nginx():
        chosen.pop("nginx", None)
    figures.update(await measure_paced(folder, library, chosen))
    with targets.fake(library, "max") as upstream:
        for name, start in chosen.items():
            with start(_folder(folder / "full"), upstream) as target:
                await measure_full_speed(figures, name, target)
    if "relay" in chosen:
        for streams in MANY:
            home = _folder(folder / str(streams))
            with (
                targets.fake(library, "original") as upstream,
                chosen["relay"](home, upstream) as t,
            ):
                figures[f"{streams} relay"] = await many(t, streams)
    return figures


async def measure_paced(folder: Path, library: Path, chosen: dict[str, Start]) -> Figures:
    """Return the paced figures of each target, the median of its rounds; they take turns."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    figures = Figures()
    with targets.fake(library, "original") as upstream, ExitStack() as running:
        ready = {
            name: running.enter_context(start(_folder(folder / f"paced-{name}"), upstream))
            for name, start in chosen.items()
        }
        for number in range(ROUNDS):
            for name, target in ready.items():
                if number == 0 or name in IN_EACH_ROUND:
                    rounds[name].append(await paced(target, upstream))
    for name, rows in rounds.items():
        figures[f"paced {name}"] = median_of(rows)
    return figures


async def measure_full_speed(figures: Figures, name: str, target: Target) -> None:
    """Add the figures of a target at full speed; of the relay also with more, and with longer."""
    ways = {f"full {name}": ("long", LONG_TOKENS, 8)}
    if name == "relay":
        ways["full relay x2 streams"] = ("long", LONG_TOKENS, 16)
        ways["full relay x2 length"] = ("longer", 2 * LONG_TOKENS, 8)
    rounds = ROUNDS if name in IN_EACH_ROUND else 1
    rows = [{way: await full_speed(target, *ways[way]) for way in ways} for _ in range(rounds)]
    for way in ways:
        figures[way] = median_of([row[way] for row in rows])


def median_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure."""
    return {key: median(row[key] for row in rows) for key in rows[0]}


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


if __name__ == "__main__":
    main()
