"""The report is one page that needs nothing else, and says what was found."""

import time
from pathlib import Path

import msgspec
import pytest

from load import report
from load.knee import Step
from load.recorder import Recorder
from load.results import Results
from load.samples import Sample
from load.table import table
from load.thresholds import Verdict


@pytest.fixture
def results() -> Results:
    recorder, now = Recorder(1.0), time.monotonic()
    for second in range(4):
        recorder.note("first_event", 5_000 + second, now + second)
        recorder.count("started", now + second)
        recorder.count("ended", now + second)
    recorder.problem("plain: <script>")
    samples = [Sample(float(n), {"relay": 5, "fake": 2, "load": 9}, 80.0, 30) for n in range(4)]
    verdicts = [Verdict("first event p99 ms", 5.0, 500), Verdict("streams that failed", 1, 0)]
    steps = [Step(4.0, 5.0, 0, beyond=False), Step(8.0, 900.0, 0, beyond=True)]
    return Results({"shape": "ramp"}, recorder, samples, verdicts, steps)


def test_the_page_loads_nothing_and_has_every_part_filled_in(
    results: Results, tmp_path: Path
) -> None:
    report.write(results, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for absent in ("<!-- ", "http://", "https://", "<script", " src="):
        assert absent not in page
    assert page.count("<svg") + page.count("nothing was measured") == 8
    assert "1 of 2 thresholds missed" in page
    assert "beyond 4 visitors a second" in page
    assert "plain: &lt;script&gt;" in page


def test_the_json_has_quantiles_and_verdicts(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    found = msgspec.json.decode((tmp_path / "results.json").read_bytes())
    assert found["kept"] is False
    assert found["latency_ms"]["first event"]["p50"] == pytest.approx(5.0, rel=0.01)
    assert [verdict["kept"] for verdict in found["verdicts"]] == [True, False]
    assert len(found["samples"]) == 4


def test_the_table_says_which_threshold_was_missed(results: Results) -> None:
    lines = table(results).splitlines()
    assert any(line.startswith("MISSED  streams that failed") for line in lines)
    assert any(line.startswith("kept    first event p99 ms") for line in lines)
    assert "the knee is beyond 4.0 visitors a second" in lines
