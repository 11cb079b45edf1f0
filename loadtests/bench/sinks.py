"""What the built-in sinks cost: CPU per token of the relay with them, against SSE alone.

A table on stdout; exits with 1 when the ratio is beyond the bar. ``recording`` records all streams.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import targets
import uvloop
from overhead import PACED_SECONDS, PACED_TOKENS, paced

import cassettes

BAR: Final = 1.5
ROUNDS: Final = 2
SINKS: Final = {"sse": "sse", "all": "sse,log,metrics,recording"}


async def measure(folder: Path) -> dict[str, float]:
    """Return CPU microseconds per token, the median of some rounds in turn."""
    library = folder / "cassettes"
    library.mkdir()
    cassettes.write(library, "paced", PACED_TOKENS, PACED_SECONDS)
    cassettes.stamp(library)
    rounds: dict[str, list[float]] = {name: [] for name in SINKS}
    with targets.fake(library, "original") as upstream:
        for number in range(ROUNDS):
            for name, sinks in SINKS.items():
                rounds[name].append(await _one(_home(folder, name, number), upstream, sinks))
    return {name: statistics.median(values) for name, values in rounds.items()}


def _home(folder: Path, name: str, number: int) -> Path:
    home = folder / f"{name}{number}"
    home.mkdir()
    return home


async def _one(folder: Path, upstream: targets.Target, sinks: str) -> float:
    # Settings of a sink that is not on are refused at start.
    os.environ.pop("MLX_RELAY_SINK__RECORDING__SHARE", None)
    if "recording" in sinks:
        os.environ["MLX_RELAY_SINK__RECORDING__SHARE"] = "1"
    with targets.relay(folder, upstream, "relay", sinks) as target:
        figures: dict[str, Any] = await paced(target, upstream)
    return float(figures["cpu_us_per_token"])


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        figures = uvloop.run(measure(Path(name)))
    ratio = figures["all"] / figures["sse"]
    for name, cpu in figures.items():
        sys.stdout.write(f"{SINKS[name]:<28} {cpu:6.1f} us CPU a token\n")
    verdict = "kept" if ratio <= BAR else "BROKEN"
    sys.stdout.write(f"{'ratio':<28} {ratio:6.2f} (at most {BAR}: {verdict})\n")
    return int(ratio > BAR)


if __name__ == "__main__":
    sys.exit(main())
