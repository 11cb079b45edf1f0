"""Elements inside elements."""

import re

import pytest

from mlx_relay.pipeline.bodies.trees import MAX_DEPTH, read_elements
from mlx_relay.pipeline.loose_json import Unreadable

_TAG = re.compile(r"<(?P<end>/?)(?P<name>\w+)>")


def test_elements_are_members_and_items_are_a_list() -> None:
    text = "<a>1</a> <b><c>x</c>\n<d></d></b><e><item><f>2</f></item><item>3</item></e>"
    assert read_elements(_TAG, text, {}) == {
        "a": 1,
        "b": {"c": "x", "d": ""},
        "e": [{"f": 2}, 3],
    }


def test_values_are_typed_where_they_stand() -> None:
    inner = {"type": "object", "properties": {"b": {"type": "string"}}}
    schema = {"properties": {"a": inner, "c": {"items": inner}}}
    text = "<a><b>1</b></a><c><item><b>2</b></item></c><b>3</b>"
    assert read_elements(_TAG, text, schema) == {"a": {"b": "1"}, "c": [{"b": "2"}], "b": 3}


@pytest.mark.parametrize(
    "text", ["x", "<a>", "</a>", "<a></b>", "<a></a>x", "<a>x<b>1</b></a>", "<a><b></a></b>"]
)
def test_text_beside_elements_and_tags_that_do_not_match_are_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read_elements(_TAG, text, {})


def test_what_is_too_deep_is_unreadable() -> None:
    text = "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1)
    with pytest.raises(Unreadable, match="deep"):
        read_elements(_TAG, text, {})
