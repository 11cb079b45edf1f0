"""Kimi K1."""

from mlx_relay.events import Response, Thinking
from unit.pipeline.families.dialogue import END, assert_told


def test_markers_that_are_not_ascii_are_told_apart() -> None:
    assert_told(
        "◁think▷why ◁◁/think▷4 ◁",
        [Thinking("why ◁"), END, Response("4 ◁")],
        reasoning_parser="kimi_k1",
    )


def test_a_stray_end_stays_text() -> None:
    assert_told("4◁/think▷2", [Response("4◁/think▷2")], reasoning_parser="kimi_k1")
