"""Texts become what the request's tools declare."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.pipeline.bodies.schemas import Tools, to_json


def typed(text: str, parameter: object, **schema: object) -> Any:
    parameters = {"properties": {"x": parameter}} | schema
    tools = Tools([{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    return json.loads(tools.typed("f", [("x", text)]))["x"]


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        ({"type": "string"}, "12345", "12345"),
        ({"type": "string"}, "007", "007"),
        ({"type": "string"}, "none", "none"),
        ({"type": "string"}, "null", "null"),
        ({"type": "string"}, " a \n", " a \n"),
        ({"type": "string"}, '{"a": 1}', '{"a": 1}'),
        ({"type": "integer"}, " 42\n", 42),
        ({"type": "integer"}, "-7", -7),
        ({"type": "integer"}, "4.5", "4.5"),
        ({"type": "integer"}, "1" * 5000, "1" * 5000),
        ({"type": "number"}, "4.50", 4.5),
        ({"type": "number"}, "3", 3),
        ({"type": "number"}, "1e999", "1e999"),
        ({"type": "number"}, "many", "many"),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean"}, "false", False),
        ({"type": "boolean"}, "1", "1"),
        ({"type": "object"}, '{"a": [1]}', {"a": [1]}),
        ({"type": "object"}, "[1]", "[1]"),
        ({"type": "array"}, "[1, null]", [1, None]),
        ({"type": "array"}, "{}", "{}"),
        ({"type": "null"}, "null", None),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, "nil", "nil"),
        ({"type": "string", "nullable": True}, "None", None),
        ({"type": ["integer", "string"]}, "12", 12),
        ({"type": ["integer", "string"]}, "x", "x"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"oneOf": [{"type": "boolean"}]}, "true", True),
        ({"enum": ["1", "2"]}, "1", "1"),
        ({"enum": [1, 2]}, "1", 1),
        ({"enum": [True, 1.5, None, [], {}]}, "1.5", 1.5),
        ({"type": "int"}, "1", 1),
        ({"type": "weird"}, "1", "1"),
        ({}, "1", 1),
        ({}, "x y", "x y"),
        ({}, '{"a": NaN}', '{"a": NaN}'),
        ("rubbish", "1", 1),
    ],
)
def test_a_text_becomes_what_is_declared(parameter: object, text: str, value: object) -> None:
    assert typed(text, parameter) == value
    assert type(typed(text, parameter)) is type(value)


def test_a_reference_is_followed_and_a_circle_ends() -> None:
    defs = {"n": {"type": "integer"}, "c": {"$ref": "#/$defs/c"}}
    assert typed("1", {"$ref": "#/$defs/n"}, **{"$defs": defs}) == 1
    assert typed("1", {"$ref": "#/$defs/c"}, **{"$defs": defs}) == 1
    assert typed("x", {"$ref": "elsewhere"}) == "x"


def test_an_unknown_function_gets_json_where_it_is_json() -> None:
    assert Tools().typed("g", [("a", "1"), ("b", "x"), ("a", "[2]")]) == '{"a": [2], "b": "x"}'


def test_tools_may_be_flat_or_rubbish() -> None:
    tools = Tools([{"name": "f", "parameters": {"properties": {"x": {"type": "string"}}}}, {}])
    assert tools.typed("f", [("x", "1")]) == '{"x": "1"}'
    assert tools.names == {"f"}
    assert Tools([{"function": {"name": "f", "parameters": None}}]).typed("f", []) == "{}"


def test_what_has_no_json_text_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, float("nan")):
        with pytest.raises(ValueError):
            to_json(value)


SCHEMAS = st.recursive(
    st.sampled_from([None, 1, "x", "string", "integer", "array", "null", "#/properties/x"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "anyOf", "allOf", "enum", "$ref", "nullable"]), inner
        ),
    ),
    max_leaves=8,
)


@given(text=st.text(max_size=20), parameter=SCHEMAS)
def test_no_schema_and_no_text_raises(text: str, parameter: object) -> None:
    value = typed(text, parameter)
    assert isinstance(value, str | int | float | bool | list | dict | None)
