"""Where a text closes its first bracket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts
from mlx_relay.pipeline.bodies.brackets import Brackets, json_text, python_text

ENDINGS = {
    '{"a": "}"} x': 10,
    ' [{"a": [1]}, {}] x': 17,
    'name[ARGS]{"a": 1} x': 18,
    "name[CALL_ID]id[ARGS]{} x": 23,
    '{"a": "\\"}"} x': 12,
    '{"a": "\\\\"} x': 11,
    "{": None,
    '{"}': None,
    "name]": None,
    "": None,
}


def end_of(tracker: Brackets, pieces: list[str]) -> int | None:
    seen = 0
    for piece in pieces:
        if (end := tracker.feed(piece)) is not None:
            return seen + end
        seen += len(piece)
    return None


@pytest.mark.parametrize("text", ENDINGS)
@given(data=st.data())
def test_the_end_is_found_however_the_text_is_cut(text: str, data: st.DataObject) -> None:
    assert end_of(json_text(), data.draw(cuts(text))) == ENDINGS[text]


def test_a_place_in_a_string_is_known() -> None:
    tracker = json_text()
    inside = []
    for character in '{"a\\"b":':
        tracker.feed(character)
        inside.append(tracker.is_inside())
    assert inside == [False, True, True, True, True, True, False, False]


def test_quotes_before_the_first_bracket_are_prose() -> None:
    assert end_of(python_text(), ["it's ", "{a}"]) == 8


def test_python_has_two_quotes() -> None:
    assert end_of(python_text(), ["[f(a=']', b=\"')\")] x"]) == 18


def test_behind_the_end_nothing_is_a_string() -> None:
    for pieces in (['{} {"a'], list('{} {"a')):
        tracker = json_text()
        assert end_of(tracker, pieces) == 2
        assert not tracker.is_inside()
