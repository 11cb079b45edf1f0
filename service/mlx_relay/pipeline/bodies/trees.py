"""Elements inside elements in; the value they stand for out, typed by the request's tools."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mlx_relay.pipeline.bodies.schemas import Schema, typed_in
from mlx_relay.pipeline.loose_json import Unreadable

MAX_DEPTH: Final = 50


class Element(msgspec.Struct):
    """One element: text, or elements."""

    name: str
    text: str = ""
    children: list["Element"] = []


def read_elements(tag: re.Pattern[str], text: str, schema: Schema) -> dict[str, Any]:
    """Return the object that the elements of *text* make up, by the schema of that object.

    *tag* has the groups ``end``, which is not empty in a closing tag, and ``name``. Raises
    Unreadable where text stands beside elements or the tags do not match.
    """
    root = _tree(tag, text)
    if root.text.strip():
        raise Unreadable("text beside elements")
    return _members(root, schema)


def _tree(tag: re.Pattern[str], text: str) -> Element:
    open_elements = [Element("")]
    position = 0
    for found in tag.finditer(text):
        open_elements[-1].text += text[position : found.start()]
        position = found.end()
        if not found["end"]:
            element = Element(found["name"])
            open_elements[-1].children.append(element)
            open_elements.append(element)
        elif open_elements.pop().name != found["name"] or not open_elements:
            raise Unreadable("a tag that closes nothing")
        if len(open_elements) > MAX_DEPTH:
            raise Unreadable("too deep")
    open_elements[-1].text += text[position:]
    if len(open_elements) > 1:
        raise Unreadable("an element that does not close")
    return open_elements[0]


def _members(element: Element, schema: Schema) -> dict[str, Any]:
    return {child.name: _value(child, schema) for child in element.children}


def _value(element: Element, schema: Schema) -> Any:
    """Return the value of *element*, a property in *schema*."""
    if not element.children:
        return typed_in(schema, element.name, element.text)
    if element.text.strip():
        raise Unreadable("text beside elements")
    own = _within(_within(schema, "properties"), element.name)
    if all(child.name == "item" for child in element.children):
        one: Schema = {"properties": {"item": _within(own, "items")}}
        return [_value(child, one) for child in element.children]
    return _members(element, own)


def _within(schema: Schema, key: str) -> Schema:
    value = schema.get(key)
    return value if isinstance(value, Mapping) else {}
