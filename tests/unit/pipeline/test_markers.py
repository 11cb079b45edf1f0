"""What data of families may say, and what tells a call from prose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.pipeline.families import FAMILIES
from mlx_relay.pipeline.markers import (
    Capture,
    Family,
    Marker,
    begins_like,
    first_is,
    opens_thinking,
)


def all_markers(family: Family) -> list[Marker]:
    return [*family.text, *family.thinking, *family.field, *family.calls, *family.section]


MARKERS = [marker for family in FAMILIES.values() for marker in all_markers(family)]
HEADS = list({m.to.head for m in MARKERS if isinstance(m.to, Capture) and m.to.head})


def test_the_first_character_tells() -> None:
    head = first_is("{[")
    assert [head(text) for text in ("", " \n", " {", "[", "a")] == [None, None, True, True, False]


def test_a_beginning_tells_as_early_as_it_can() -> None:
    head = begins_like(r"call:", r"[^c]|c[^a]|ca[^l]|cal[^l]|call[^:]")
    assert [head(text) for text in ("", "cal", "call:", "cat")] == [None, None, True, False]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_marker_is_never_empty_and_a_family_is_named(family: Family) -> None:
    assert family.name
    assert family.models
    assert all(marker.text for marker in all_markers(family))


@pytest.mark.parametrize("head", HEADS)
@given(data=st.data())
def test_what_a_head_says_it_says_whatever_follows(head: object, data: st.DataObject) -> None:
    assert callable(head)
    pieces = st.sampled_from(["[", "{", "f", "(", " ", "<", "call:", "\n", "x.y", "1", '"', "</"])
    text = data.draw(st.lists(pieces, max_size=8).map("".join))
    verdicts = [head(text[:end]) for end in range(len(text) + 1)]
    told = [verdict for verdict in verdicts if verdict is not None]
    assert len(set(told)) <= 1
    assert verdicts[len(verdicts) - len(told) :] == told


def test_a_marker_opens_thinking_or_the_header_of_a_channel() -> None:
    header = Capture(read=lambda body: None)
    markers = [
        Marker("<a>", to="thinking"),
        Marker("<h>", to=header),
        Marker("</h>", to=header),
        Marker("<b>", to="text"),
    ]
    assert [opens_thinking(marker) for marker in markers] == [True, True, False, False]
