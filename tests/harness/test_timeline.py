import json

import pytest

from fake_mlx.library import SHIPPED, cassette_files, load
from fake_mlx.timeline import BAR_WIDTH, Kind, timeline
from handmade import handmade


def chunk(**delta: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (chunk(reasoning="hm"), "thinking", "hm"),
        (chunk(reasoning_content="hm"), "thinking", "hm"),
        (chunk(content="a") + chunk(content="b"), "answer", "ab"),
        (chunk(tool_calls=[1]), "call", "[1]"),
        (b": keepalive\n\n", "other", ": keepalive"),
        (b"data: [DONE]\n\n", "other", "data: [DONE]"),
        (chunk(content="\x1b[31mred\n\u202e"), "answer", "·[31mred··"),
        (chunk(content="x" * 100), "answer", "x" * 59 + "…"),
    ],
)
def test_a_chunk_is_told_by_its_fields_without_control_characters(
    data: bytes, kind: Kind, text: str
) -> None:
    head, row, end = timeline(handmade(data))
    assert (row.size, row.kind, row.text) == (len(data), kind, text)
    assert (head.kind, head.text) == ("head", "200 OK")
    assert (end.kind, end.text) == ("end", "eof by upstream")


def test_a_longer_gap_has_a_longer_bar_up_to_a_limit() -> None:
    bars = [len(timeline(handmade(ends_at=gap))[-1].bar) for gap in (0.001, 0.01, 0.1, 1e6)]
    assert bars == sorted(set(bars))
    assert bars[-1] == BAR_WIDTH


def test_no_reply_has_an_end_only() -> None:
    assert [row.kind for row in timeline(handmade(status=None, framing="close"))] == ["end"]


def test_every_shipped_cassette_can_be_shown() -> None:
    for file in cassette_files(SHIPPED):
        assert all(row.text.isprintable() for row in timeline(load(file)))
