"""Results in; the tables for the terminal out."""

from collections.abc import Iterator

from load.knee import knee
from load.results import Results


def table(results: Results) -> str:
    return "\n".join(_lines(results))


def _lines(results: Results) -> Iterator[str]:
    yield f"{'milliseconds':<28}{'count':>8}{'p50':>10}{'p90':>10}{'p99':>10}{'max':>10}"
    for name, count, quantiles in results.latencies():
        cells = "".join(f"{value:>10.1f}" for value in quantiles)
        yield f"{name:<28}{count:>8}{cells}"
    yield ""
    totals = results.recorder
    yield "   ".join(f"{name} {totals.total(name)}" for name in totals.counted())
    if results.steps:
        yield ""
        yield f"the knee is beyond {knee(results.steps):.1f} visitors a second"
        for step in results.steps:
            mark = "   beyond" if step.beyond else ""
            p99 = f"first event p99 {step.first_event_p99_ms:8.1f} ms"
            yield f"  {step.rate:6.1f} a second   {p99}{mark}"
    yield ""
    for verdict in results.verdicts:
        mark = "kept  " if verdict.kept else "MISSED"
        yield f"{mark}  {verdict.name:<40}{verdict.found:>10.2f}   at most {verdict.limit:g}"
    for sentence in totals.problems[:10]:
        yield f"        {sentence}"
