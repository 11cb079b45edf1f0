"""One line for the end of a stream."""

import json
from typing import Any

import pytest

from mlx_relay.cli.logs_rows import heading, json_line, row
from unit.cli.log_samples import end


def test_a_line_says_when_who_what_how_and_how_fast() -> None:
    record = end("s1", tokens=80, seconds=5.0, first_event=1.0, finish_reason="stop")
    assert row(record).plain.split() == [
        *("2026-01-02", "12:00:00", "ada", "qwen", "done"),
        *("1.00s", "5.00s", "80", "20.0", "s1"),
    ]


def test_what_is_not_known_is_a_dash() -> None:
    assert row(end("s1")).plain.split()[-5:] == ["-", "-", "-", "-", "s1"]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"kind": "error", "code": "upstream_timeout", "cause": "idle"}, "upstream_timeout/idle"),
        ({"kind": "error", "code": "internal"}, "internal"),
        ({"kind": "client_gone"}, "client_gone"),
        ({"kind": "lost", "code": "internal", "cause": "killed"}, "lost killed"),
        ({"kind": "done", "finish_reason": "length"}, "done length"),
        ({"kind": "done", "finish_reason": "stop"}, "done"),
    ],
)
def test_an_outcome_says_as_much_as_is_needed(fields: dict[str, Any], outcome: str) -> None:
    assert f"  {outcome}  " in row(end("s1", **fields)).plain


def test_the_columns_stand_below_their_headings() -> None:
    line = row(end("s1", seconds=5.0, kind="client_gone")).plain
    assert line.index("client_gone") == heading().plain.index("OUTCOME")
    assert line.index("s1") == heading().plain.index("STREAM")


def test_only_the_outcome_has_a_color() -> None:
    text = row(end("s1", user="done", profile="done"))
    [colored] = text.spans
    assert text.plain[colored.start : colored.end].strip() == "done"
    assert colored.start == heading().plain.index("OUTCOME")


def test_a_name_cannot_command_the_terminal() -> None:
    record = end("s1", user="a\x1b[2J\nb", profile="p\x9b2J\x7f")
    for line in (row(record).plain, json_line(record)):
        assert line.isprintable()
    assert json.loads(json_line(record))["profile"] == "p\x9b2J\x7f"
