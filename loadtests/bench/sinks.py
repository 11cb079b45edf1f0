"""What the built-in sinks cost: CPU per token of the relay with them, against SSE alone.

A table on stdout; exits with 1 when the ratio is beyond the bar. ``recording`` records all streams,
``otel`` sends to a collector here, ``redis`` to a Redis here if one is installed.
"""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import targets
import uvloop
from overhead import PACED_SECONDS, PACED_TOKENS, paced

import cassettes

BAR: Final = 1.5
ROUNDS: Final = 3
BUILT_IN: Final = ("log", "metrics", "recording", "otel", "redis")

Settings = dict[str, dict[str, str]]


@contextmanager
def servers(folder: Path) -> Iterator[Settings]:
    """Run what the sinks send to; yields the sinks that can be measured, with their settings."""
    settings: Settings = {"log": {}, "metrics": {}, "recording": {"SHARE": "1"}}
    with ExitStack() as stack:
        url = stack.enter_context(targets.collector())
        settings["otel"] = {"ENDPOINT": f"{url}/v1/traces"}
        if shutil.which("redis-server"):
            settings["redis"] = {"URL": stack.enter_context(targets.redis(folder))}
        yield settings


async def measure(folder: Path, settings: Settings) -> dict[str, float]:
    """Return CPU microseconds per token: medians, where there is more than one round."""
    library = folder / "cassettes"
    library.mkdir()
    cassettes.write(library, "paced", PACED_TOKENS, PACED_SECONDS)
    cassettes.write(library, "warm", 20, 0.001)
    cassettes.stamp(library)
    sets = {"sse": ["sse"], **{name: ["sse", name] for name in settings}, "all": ["sse", *settings]}
    rounds: dict[str, list[float]] = {name: [] for name in sets}
    with targets.fake(library, "original") as upstream:
        for number in range(ROUNDS):
            # One round says what a single sink costs; the bar is for all of them together.
            for name, sinks in sets.items() if number == 0 else _compared(sets):
                home = folder / f"{name}{number}"
                home.mkdir()
                with _environment(sinks, settings):
                    rounds[name].append(await _one(home, upstream, ",".join(sinks)))
    return {name: statistics.median(values) for name, values in rounds.items()}


def _compared(sets: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    return [(name, sets[name]) for name in ("sse", "all")]


async def _one(folder: Path, upstream: targets.Target, sinks: str) -> float:
    with targets.relay(folder, upstream, "relay", sinks) as target:
        figures: dict[str, Any] = await paced(target, upstream)
    return float(figures["cpu_us_per_token"])


@contextmanager
def _environment(sinks: list[str], settings: Settings) -> Iterator[None]:
    """Set the settings of *sinks*, and no others: those of a sink that is not on are refused."""
    names = {
        f"MLX_RELAY_SINK__{sink.upper()}__{name}": value
        for sink in sinks
        for name, value in settings.get(sink, {}).items()
    }
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


def main() -> int:
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as settings:
        figures = uvloop.run(measure(Path(name), settings))
    for name, cpu in figures.items():
        sys.stdout.write(f"{name:<12} {cpu:6.1f} us CPU a token {cpu / figures['sse']:6.2f}\n")
    for name in BUILT_IN:
        if name not in settings:
            sys.stdout.write(f"{name:<12} left out: {name}-server is not installed\n")
    ratio = figures["all"] / figures["sse"]
    verdict = "kept" if ratio <= BAR else "BROKEN"
    sys.stdout.write(f"all sinks against SSE alone: {ratio:.2f} (at most {BAR}: {verdict})\n")
    return int(ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
