"""Calls written as Python in; names and arguments out."""

from collections.abc import Mapping
from typing import Any

from mlx_relay.pipeline.bodies.literals import Literals
from mlx_relay.pipeline.bodies.schemas import to_json
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Reading


def read_call_list(body: Body) -> Reading:
    """Read ``[f(a=1, b="x"), g()]``; raises Unreadable for anything else."""
    literals = Literals(body.text)
    calls: list[Call] = []
    literals.want("[")
    literals.items("]", lambda: calls.append(_call(literals)))
    if not literals.is_at_end():
        raise Unreadable("text behind the list")
    return calls


def read_call_lines(body: Body) -> Reading:
    """Read ``f(a=1)`` and ``g()``, one behind the other; raises Unreadable for anything else."""
    literals = Literals(body.text)
    calls = []
    while not literals.is_at_end():
        calls.append(_call(literals))
    return calls


def _call(literals: Literals) -> Call:
    name = literals.name()
    arguments: dict[str, Any] = {}

    def take_argument() -> None:
        key = literals.name()
        literals.want("=")
        arguments[key] = literals.value()

    literals.want("(")
    literals.items(")", take_argument)
    return call_of(name, arguments)


def call_of(name: str, arguments: Mapping[str, Any]) -> Call:
    return Call(name, to_json(arguments))
