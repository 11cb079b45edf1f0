"""A complaint names the field and never repeats what was typed."""

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.web.form_errors import MAX_NAME, describe


class Cat(msgspec.Struct, tag_field="kind", tag="cat", forbid_unknown_fields=True):
    name: str


class Dog(msgspec.Struct, tag_field="kind", tag="dog", forbid_unknown_fields=True):
    age: Annotated[int, msgspec.Meta(ge=0)]


class House(msgspec.Struct, forbid_unknown_fields=True):
    colour: Literal["red", "green"] = "red"
    pets: list[Cat | Dog] = []
    rooms: dict[str, int] = {}
    street: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] | None = None


def complaint(value: object) -> str:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, House)
    return describe(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "Expected object, got integer."),
        ({"pets": 7}, "pets: Expected array, got integer."),
        ({"pets": [7]}, "pets[0]: Expected object, got integer."),
        ({"pets": [{}]}, "pets[0].kind: It is required."),
        ({"pets": [{"kind": "cat"}]}, "pets[0].name: It is required."),
        ({"pets": [{"kind": "cat", "name": 1}]}, "pets[0].name: Expected string, got integer."),
        ({"pets": [{"kind": "dog", "age": -1}]}, "pets[0].age: Expected integer >= 0."),
        (
            {"pets": [{"kind": "dog", "age": 1, "tail": 1}]},
            "pets[0].tail: There is no such field.",
        ),
        (
            {"pets": [{"kind": "secret"}]},
            "pets[0].kind: It is not one of the values that are allowed here.",
        ),
        ({"colour": "secret"}, "colour: It is not one of the values that are allowed here."),
        ({"rooms": {"secret": "x"}}, "rooms[...]: Expected integer, got string."),
        ({"street": 7}, "street: Expected string or null, got integer."),
        ({"garden": 1}, "garden: There is no such field."),
        ({7: 1}, "Expected string."),
    ],
)
def test_a_complaint_names_the_field(value: object, expected: str) -> None:
    assert complaint(value) == expected


def test_a_long_name_is_cut() -> None:
    assert complaint({"x" * 1000: 1}) == "x" * MAX_NAME + ": There is no such field."


@given(value=st.text(min_size=12))
def test_a_value_is_never_repeated(value: str) -> None:
    for house in ({"colour": value}, {"pets": [{"kind": value}]}, {"rooms": {"a": value}}):
        assert value not in complaint(house)
