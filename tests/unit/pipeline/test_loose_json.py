"""JSON from an upstream that may be hostile."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.pipeline.loose_json import Unreadable, decode_json, parse_json


@pytest.mark.parametrize(
    "text",
    ["", "{", "[DONE]", "{'a':1}", "\ud7ff", "[" * 100_000, "9" * 5_000, '{"a":"\x01"}', "{}{}"],
)
def test_what_is_no_json_is_none(text: str) -> None:
    assert decode_json(text) is None


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    text = r'{"a\udc00": ["x\ud83dy", {"b": "\ud83d\ude00\ude00"}], "n": 1}'
    assert decode_json(text) == {"a\ufffd": ["x\ufffdy", {"b": "😀\ufffd"}], "n": 1}


def test_numbers_that_json_does_not_know_do_no_harm() -> None:
    assert decode_json('{"a": Infinity, "b": 1e999}') == {"a": float("inf"), "b": float("inf")}


@pytest.mark.parametrize("depth", range(900, 1100, 7))
def test_deep_nesting_never_raises(depth: int) -> None:
    for inner in ("1", r'"\ud800"'):
        decode_json('{"a":' * depth + inner + "}" * depth)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=VALUES)
def test_all_json_reads_as_the_standard_library_reads_it(value: object) -> None:
    assert decode_json(json.dumps(value)) == json.loads(json.dumps(value))


@given(text=st.text() | st.binary().map(lambda data: data.decode("utf-8", "replace")))
def test_no_text_raises(text: str) -> None:
    decode_json(text)


def test_a_caller_may_want_to_know_that_it_is_no_json() -> None:
    assert parse_json("null") is None
    with pytest.raises(ValueError):
        parse_json("{")
    with pytest.raises(Unreadable):
        parse_json("[" * 100_000)
