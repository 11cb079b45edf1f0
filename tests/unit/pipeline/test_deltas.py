"""Deltas are values."""

import pytest

from mlx_relay.pipeline.deltas import TextDelta, ToolCallDelta


def test_deltas_are_equal_by_value_and_frozen() -> None:
    delta = TextDelta("a")
    assert delta == TextDelta("a")
    with pytest.raises(AttributeError):
        delta.text = "b"  # type: ignore[misc]  # the point of the test


def test_a_fragment_of_a_call_may_lack_everything() -> None:
    assert ToolCallDelta() == ToolCallDelta(None, "", "", "")
