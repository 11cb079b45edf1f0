"""The pair of markers that many families share."""

import pytest

from mlx_relay.events import Response, Thinking
from mlx_relay.pipeline.families.pairs import between
from unit.pipeline.families.dialogue import END, assert_told


@pytest.mark.parametrize(
    ("name", "opening", "closing"),
    [
        ("seed_oss", "<seed:think>", "</seed:think>"),
        ("longcat", "<longcat_think>", "</longcat_think>"),
        ("minimax_m3", "<mm:think>", "</mm:think>"),
    ],
)
def test_a_pair_is_treated_as_the_tags_of_think(name: str, opening: str, closing: str) -> None:
    text = f"Hm: {opening}{opening}\na{opening[:-1]}{closing}\n4"
    events = [Response("Hm: "), Thinking(f"\na{opening[:-1]}"), END, Response("\n4")]
    assert_told(text, events, reasoning_parser=name)


def test_the_opening_marker_is_dropped_in_a_field() -> None:
    assert [marker.text for marker in between("<a>", "</a>").field] == ["<a>"]
