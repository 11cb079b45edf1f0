"""The figures of a log."""

import io

import pytest
from rich.console import Console

from mlx_relay.cli.logs_summary import percentile, summarize, table
from unit.cli.log_samples import end


def test_each_profile_has_its_figures_and_the_busiest_comes_first() -> None:
    records = [
        end("a", profile="small", kind="client_gone"),
        end("b", tokens=80, seconds=5.0, first_event=1.0),
        end("c", tokens=20, seconds=3.0, first_event=2.0),
        end("d", kind="error", code="upstream_timeout", cause="idle"),
    ]
    qwen, small = summarize(records)
    assert (qwen.profile, qwen.streams, small.profile) == ("qwen", 3, "small")
    assert qwen.outcomes == {"done": 2, "error": 1}
    assert qwen.errors == {"upstream_timeout": 1}
    assert (qwen.first_event_p50, qwen.first_event_p95) == (1.0, 2.0)
    assert (qwen.completion_tokens, qwen.tokens_per_second) == (100, 20.0)
    assert (small.first_event_p50, small.tokens_per_second) == (None, None)


@pytest.mark.parametrize(("percent", "value"), [(50, 50.0), (95, 95.0), (100, 100.0), (1, 1.0)])
def test_a_percentile_is_a_value_that_was_there(percent: int, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], percent) == value


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 50) is None


def test_the_table_has_a_line_for_each_profile() -> None:
    out = io.StringIO()
    records = [
        end("b", tokens=80, seconds=5.0, first_event=1.0),
        end("d", profile="x\x1b[2J", kind="error", code="upstream_busy"),
    ]
    Console(file=out, width=200).print(table(summarize(records)))
    heading, first, second = (" ".join(line.split()) for line in out.getvalue().splitlines())
    assert heading.startswith("PROFILE STREAMS DONE ERROR")
    assert first == "qwen 1 1 0 0 0 1.00s 1.00s 80 20.0 -"
    assert second == "x[2J 1 0 1 0 0 - - 0 - upstream_busy=1"
