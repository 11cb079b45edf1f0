"""Literals of Python, of JSON and of models."""

import ast
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.pipeline.bodies.literals import MAX_DEPTH, Literals
from mlx_relay.pipeline.loose_json import Unreadable

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
    ),
    max_leaves=10,
)


def value(text: str, quote: str = "") -> Any:
    literals = Literals(text, quote=quote)
    found = literals.value()
    if not literals.is_at_end():
        raise Unreadable("more")
    return found


@given(VALUES)
def test_what_python_and_json_write_is_read(written: Any) -> None:
    assert value(repr(written)) == written
    assert value(json.dumps(written)) == written


@pytest.mark.parametrize(
    "text",
    [
        *("'a\\'b'", '"a\\tb\\n"', "'''it's'''", "'\\x41\\u00e9\\U0001f600'", "(1, 2,)", "[ ]"),
        *("{'a': (1,), }", "-1.5e3", "+2", ".5", "1.", "'\\\\'", "'\\q'", "'a\\\nb'"),
    ],
)
def test_pythons_ways_are_read_as_python_does(text: str) -> None:
    expected = ast.literal_eval(text) if text != "'\\q'" else "\\q"
    found = value(text)
    assert found == (list(expected) if isinstance(expected, tuple) else expected) or found == {
        "a": [1]
    }


def test_keys_may_be_bare_and_strings_have_a_quote_of_their_own() -> None:
    assert value('{a:<|"|>x\'"\\n<|"|>,b.c:[true,null]}', '<|"|>') == {
        "a": "x'\"\\n",
        "b.c": [True, None],
    }


def test_a_pair_of_surrogates_is_one_character_and_a_lone_one_is_replaced() -> None:
    assert value('"\\ud83d\\ude00"') == "\N{GRINNING FACE}"
    assert value('"\\ud83d"') == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "text",
    [
        *("", "[", "[1", "[1 2]", "{1: 2}", "{'a' 1}", "{'a'}", "'a", '"""a"', "'\\", "a", "f()"),
        *("--1", "1_000", "os.x", "'\\U99999999'", "[" * (MAX_DEPTH + 1), "<|a", "1" * 5000),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        value(text, '<|"|>')


@given(st.text(alphabet="[](){}'\"\\,:=.-+019aeETrue \nuxU", max_size=30))
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(ValueError):
        json.dumps(value(text), allow_nan=False)
