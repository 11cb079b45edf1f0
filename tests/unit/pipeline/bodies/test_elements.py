"""Calls as elements; the functions of Qwen3-Coder stand for all."""

import json
import re

import pytest

from mlx_relay.pipeline.bodies.elements import ElementCalls, matches, without_wrapping_newlines
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call

read = ElementCalls(
    r"<f (?P<name>[^<>]*)>(?P<body>.*?)</f>", r"<p (?P<key>[^<>]+)>(?P<value>.*?)</p>"
)


def calls(text: str) -> list[Call]:
    reading = read(Body(text, "", Tools()))
    assert isinstance(reading, list)
    return reading


def test_calls_and_their_parameters_are_read() -> None:
    found = calls("\n<f a> <p x>1</p>\n<p y>z\n</p></f>\n<f b></f>")
    assert [(call.name, json.loads(call.arguments)) for call in found] == [
        ("a", {"x": 1, "y": "z\n"}),
        ("b", {}),
    ]


@pytest.mark.parametrize(
    "text", ["x<f a></f>", "<f a></f>x", "<f a></f>x<f b></f>", "<f a>x</f>", "<f ></f>", "<f a>"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        calls(text)


def test_nothing_is_no_call() -> None:
    assert calls(" \n") == []
    assert matches(re.compile("a"), " ") == []


def test_one_line_end_at_each_side_belongs_to_the_tags() -> None:
    assert without_wrapping_newlines("\n\n a \n") == "\n a "
    assert without_wrapping_newlines("a") == "a"
