"""Results in; one page that needs nothing but itself out."""

import html
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from load.knee import knee
from load.plots import Line, Point, chart
from load.results import Results
from load.thresholds import added_ms

SLOTS_FOR_TAILS: Final = 10
"""A percentile is over so many slots: one slot has too few streams for a tail."""

PAGE: Final = (Path(__file__).parent / "report.template.html").read_text()


def write(results: Results, file: Path) -> None:
    page = PAGE
    for name, text in (
        ("verdict", _verdict(results)),
        ("facts", _facts(results)),
        ("thresholds", _thresholds(results)),
        ("charts", "".join(_charts(results))),
        ("latencies", _latencies(results)),
        ("steps", _steps(results)),
        ("problems", _problems(results)),
    ):
        page = page.replace(f"<!-- {name} -->", text)
    file.write_text(page, encoding="utf-8")


def _verdict(results: Results) -> str:
    missed = sum(not verdict.kept for verdict in results.verdicts)
    if not missed:
        return f'<p class="verdict kept">All {len(results.verdicts)} thresholds kept</p>'
    return f'<p class="verdict missed">{missed} of {len(results.verdicts)} thresholds missed</p>'


def _facts(results: Results) -> str:
    recorder = results.recorder
    facts = {
        **results.options,
        "machine": f"{os.cpu_count()} processors, {platform.system()}",
        "Python": platform.python_version(),
        "streams": recorder.total("started"),
        "text verified by hash": recorder.total("verified"),
        "left in mid-stream": recorder.total("left"),
        "retried": recorder.total("retries"),
        "logins": recorder.total("logins"),
        "pieces of answers": recorder.total("pieces"),
    }
    rows = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    return f"<dl>{rows}</dl>"


def _thresholds(results: Results) -> str:
    rows = "".join(
        f"<tr><td>{_text(v.name)}</td><td>{v.found:,.2f}</td><td>{v.limit:g}</td>"
        f'<td class="{"kept" if v.kept else "missed"}">{"kept" if v.kept else "missed"}</td></tr>'
        for v in results.verdicts
    )
    return _table(("threshold", "found", "at most", ""), rows)


def _charts(results: Results) -> Iterator[str]:
    recorder = results.recorder
    long = max(
        [recorder.slots() * recorder.slot_seconds, *(sample.at for sample in results.samples)]
    )
    yield chart("Time to the first event", "ms, log", long, [
        Line(f"p{100 * part:g}", _quantiles(results, "first_event", part))
        for part in (0.5, 0.9, 0.99)
    ], logarithmic=True)  # fmt: skip
    yield chart("Added to the first answer, over the fake itself", "ms", long, [
        Line(f"p{100 * part:g}", _added(results, part)) for part in (0.5, 0.9)
    ])  # fmt: skip
    yield chart("Time to the first answer of \"plain\", p50", "ms", long, [
        Line("through the relay", _quantiles(results, "first_answer/plain", 0.5)),
        Line("direct", _quantiles(results, "first_answer/direct", 0.5)),
    ])  # fmt: skip
    yield chart("Gap between two pieces of an answer of \"plain\", p99", "ms", long, [
        Line("through the relay", _quantiles(results, "gap/plain", 0.99)),
        Line("direct", _quantiles(results, "gap/direct", 0.99)),
    ])  # fmt: skip
    yield chart("Streams", "in each slot", long, [
        Line("open", _open(results)),
        Line("started", _counts(results, "started")),
        Line("failed or with another text", _counts(results, "failed")),
    ])  # fmt: skip
    yield chart("Processor", "percent of one", long, [
        Line(name, [(s.at, s.cpu_percent[name]) for s in results.samples])
        for name in ("relay", "fake", "load")
    ])  # fmt: skip
    yield chart("Memory of the relay", "MiB", long, [
        Line("resident", [(s.at, s.memory_mib) for s in results.samples])
    ])  # fmt: skip
    yield chart("Open files of the relay", "files and sockets", long, [
        Line("open files", [(s.at, float(s.open_files)) for s in results.samples])
    ])  # fmt: skip


def _quantiles(results: Results, metric: str, part: float) -> list[Point]:
    return [
        (at, results.recorder.histogram(metric, slots).quantile(part) / 1e3)
        for at, slots in _windows(results)
    ]


def _added(results: Results, part: float) -> list[Point]:
    return [(at, added_ms(results.recorder, part, slots)) for at, slots in _windows(results)]


def _windows(results: Results) -> Iterator[tuple[float, range]]:
    """Yield the end of each slot, in seconds, and the slots that a tail looks back on."""
    seconds = results.recorder.slot_seconds
    for slot in range(results.recorder.slots()):
        yield (slot + 1) * seconds, range(max(0, slot - SLOTS_FOR_TAILS + 1), slot + 1)


def _counts(results: Results, name: str) -> list[Point]:
    recorder = results.recorder
    return [
        ((slot + 1) * recorder.slot_seconds, recorder.count_in(name, range(slot, slot + 1)))
        for slot in range(recorder.slots())
    ]


def _open(results: Results) -> list[Point]:
    still, points = 0.0, []
    ended = _counts(results, "ended")
    for (at, began), (_, over) in zip(_counts(results, "started"), ended, strict=True):
        still += began - over
        points.append((at, still))
    return points


def _latencies(results: Results) -> str:
    rows = "".join(
        f"<tr><td>{_text(name)}</td><td>{count:,}</td>"
        + "".join(f"<td>{value:,.1f}</td>" for value in quantiles)
        + "</tr>"
        for name, count, quantiles in results.latencies()
    )
    return _table(("milliseconds", "count", "p50", "p90", "p99", "max"), rows)


def _steps(results: Results) -> str:
    if not results.steps:
        return ""
    rows = "".join(
        f"<tr><td>{step.rate:g}</td><td>{step.first_event_p99_ms:,.1f}</td><td>{step.failed}</td>"
        f"<td>{'beyond' if step.beyond else ''}</td></tr>"
        for step in results.steps
    )
    head = f"<h2>The knee is beyond {knee(results.steps):g} visitors a second</h2>"
    return head + _table(("visitors a second", "first event p99 ms", "failed", ""), rows)


def _problems(results: Results) -> str:
    problems = results.recorder.problems
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in problems)
    return f"<h2>What went wrong</h2><ul>{items}</ul>" if problems else ""


def _table(heads: tuple[str, ...], rows: str) -> str:
    cells = "".join(f"<th>{head}</th>" for head in heads)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>"


def _text(value: object) -> str:
    return html.escape(str(value))
