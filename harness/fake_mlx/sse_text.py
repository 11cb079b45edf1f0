"""A stream of server-sent events in; its messages, and how much text it had said where, out."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_BLANK_LINE: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_TEXT_FIELDS: Final = ("reasoning_content", "reasoning", "content")


def messages(body: bytes) -> Iterator[tuple[int, str]]:
    """Yield the data of every whole message, and the place behind its last byte."""
    start = 0
    for blank in _BLANK_LINE.finditer(body):
        lines = _LINE_END.split(body[start : blank.start()])
        start = blank.end()
        fields = [line.removeprefix(b"data:") for line in lines if line.startswith(b"data:")]
        if fields:
            data = b"\n".join(field.removeprefix(b" ") for field in fields)
            yield start, data.decode("utf-8", "replace")


def parsed(data: str) -> dict[str, Any]:
    """Return the JSON object that *data* is; empty if it is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def said(data: str) -> str:
    """Return the text that a message adds: a chunk of an MLX server, or an event with content."""
    message = parsed(data)
    match message:
        case {"choices": [{"delta": dict() as delta}, *_]}:
            return next((text for name in _TEXT_FIELDS if (text := _text(delta.get(name)))), "")
        case {"type": "thinking" | "response", "content": str() as content}:
            return content
        case _:
            return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
