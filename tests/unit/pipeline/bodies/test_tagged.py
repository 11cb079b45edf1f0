"""Calls written as a header and parameters."""

import pytest

from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call

_read = TaggedCall(r"\s*(?P<name>\w*):", r"<(?P<key>\w+)(?: (?P<kind>\w+))?>(?P<value>.*?)</>")


def read(text: str) -> list[Call]:
    return _read(Body(text, "", Tools()))


def test_of_a_repeated_key_the_last_wins() -> None:
    assert read(" f: <a>1</>\n<a>2</> ") == [Call("f", '{"a": 2}')]


def test_a_value_is_what_its_kind_says() -> None:
    text = "f:<a string>1</><b true> 1</><c number>1.5</><d object>oh</>"
    assert read(text) == [Call("f", '{"a": "1", "b": " 1", "c": 1.5, "d": "oh"}')]


@pytest.mark.parametrize("text", ["", "f", ":", "f:x", "f:<a>1", "f:<a>1</>x", "f:x<a>1</>"])
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_many_parameters_without_an_end_do_not_cost_more_each() -> None:
    with pytest.raises(Unreadable):
        read("f:" + "<a>" * 300_000)
