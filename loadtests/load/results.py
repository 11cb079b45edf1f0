"""The file that Locust wrote in; what the tables and the report show out."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from load.knee import Step
from load.recorder import Recorder
from load.samples import Sample
from load.thresholds import Verdict

QUANTILES: Final = (0.5, 0.9, 0.99, 1.0)


class Results(msgspec.Struct):
    """One run: what visitors saw, what the relay used, and how that is judged."""

    options: dict[str, Any]
    recorder: Recorder
    samples: list[Sample]
    verdicts: list[Verdict]
    steps: list[Step]

    @property
    def kept(self) -> bool:
        return all(verdict.kept for verdict in self.verdicts)

    def latencies(self) -> list[tuple[str, int, list[float]]]:
        """Return each metric's name, count, and quantiles in milliseconds."""
        metrics = {name: self.recorder.histogram(name) for name in self.recorder.metrics()}
        return [
            (
                name.replace("_", " ").replace("/", ", "),
                found.count,
                [found.quantile(part) / 1e3 for part in QUANTILES],
            )
            for name, found in sorted(metrics.items())
        ]

    def save(self, file: Path) -> None:
        """Write all of it as JSON, with the quantiles."""
        value = {
            "options": self.options,
            "kept": self.kept,
            "verdicts": [msgspec.to_builtins(v) | {"kept": v.kept} for v in self.verdicts],
            "latency_ms": {
                name: {"count": count, "p50": q[0], "p90": q[1], "p99": q[2], "max": q[3]}
                for name, count, q in self.latencies()
            },
            "totals": {name: self.recorder.total(name) for name in self.recorder.counted()},
            "steps": msgspec.to_builtins(self.steps),
            "samples": msgspec.to_builtins(self.samples),
            "recorder": self.recorder.to_json(),
        }
        file.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))


def read(file: Path, options: dict[str, Any], samples: list[Sample]) -> Results:
    """Read what Locust wrote to *file*."""
    found = json.loads(file.read_text())
    recorder = Recorder(found["slot_seconds"])
    recorder.merge(found)
    verdicts = [Verdict(*verdict) for verdict in found["verdicts"]]
    return Results(options, recorder, samples, verdicts, [Step(*step) for step in found["steps"]])
