"""Calls as Python."""

from collections.abc import Callable

import pytest

from mlx_relay.pipeline.bodies.pythonic import read_call_lines, read_call_list
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.markers import Body, Call, Reading


def test_a_list_of_calls_is_read() -> None:
    body = Body(" [f(a=1, b='x'), g.h(), ]\n", "", Tools())
    assert read_call_list(body) == [Call("f", '{"a": 1, "b": "x"}'), Call("g.h", "{}")]


def test_calls_on_lines_are_read() -> None:
    body = Body("\nf(a=[None])\n\ng()", "", Tools())
    assert read_call_lines(body) == [Call("f", '{"a": [null]}'), Call("g", "{}")]
    assert read_call_lines(Body(" ", "", Tools())) == []


@pytest.mark.parametrize("read", [read_call_list, read_call_lines])
@pytest.mark.parametrize(
    "text", ["[f(1)]", "[f(a=)]", "[f(a=1]", "[f]", "f(a=1", "f(a=b)", "[f()] x", "1", "f", "[1]"]
)
def test_anything_else_is_refused(read: Callable[[Body], Reading], text: str) -> None:
    with pytest.raises(ValueError):
        read(Body(text, "", Tools()))
