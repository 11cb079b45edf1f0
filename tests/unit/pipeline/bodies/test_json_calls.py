"""Calls as JSON."""

from contextlib import suppress

import pytest

from mlx_relay.pipeline.bodies.json_calls import JsonCalls, object_text, raw_objects
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.markers import Body, Call

read = JsonCalls(names=("name", "tool"), arguments=("arguments", "parameters"), ids=("id",))
BIG = Call("f", '{"n": 1234567890123456789012}')


def calls(text: str) -> object:
    return read(Body(text, "", Tools()))


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ('{"name": "f", "arguments": {"a" : 1}}', Call("f", '{"a" : 1}')),
        (' {"tool": "f", "parameters": {}} ', Call("f", "{}")),
        ('{"name": "f"}', Call("f", "{}")),
        ('{"name": "f", "arguments": null}', Call("f", "{}")),
        ('{"name": "f", "arguments": ""}', Call("f", "{}")),
        ('{"name": "f", "arguments": "{\\"a\\":1}", "id": "x"}', Call("f", '{"a":1}', "x")),
        ('{"name": "f", "arguments": {}, "id": 7}', Call("f", "{}")),
        ('{"name": "f", "arguments": {"n": 1234567890123456789012}}', BIG),
    ],
)
def test_a_call_is_read(text: str, call: Call) -> None:
    assert calls(text) == [call]


def test_a_list_is_read_in_order() -> None:
    assert calls('[{"name": "f"}, {"name": "g"}]') == [Call("f", "{}"), Call("g", "{}")]
    assert calls("[]") == []


def test_lone_surrogates_and_the_like_are_rewritten() -> None:
    assert calls('{"name": "f", "arguments": {"a": "\\ud83d"}}') == [
        Call("f", '{"a": "\N{REPLACEMENT CHARACTER}"}')
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "1", "[1]", '{"name": 1}', '{"name": ""}', '{"name": "f"} x', "{'name': 'f'}"),
        *('{"name": "f", "arguments": [1]}', '{"name": "f", "arguments": "x"}'),
        *('{"name": "f", "arguments": {"a": NaN}}', '{"name": "f"', "[" * 100_000),
        '{"name": "f", "arguments": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with suppress(ValueError, RecursionError):
        assert not calls(text)


def test_objects_keep_their_text() -> None:
    assert raw_objects('[{"a": 1.0, "b": [ ]}]') == [{"a": "1.0", "b": "[ ]"}]
    assert object_text(" { } ") == "{ }"
