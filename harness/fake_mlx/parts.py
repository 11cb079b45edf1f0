"""Bytes of one transfer chunk in, readable parts out, and back to the same bytes.

A part is a JSON object with one key: ``e`` a whole event, kept as its JSON object where writing
that in the cassette's style gives exactly the bytes; ``s`` UTF-8 text; ``b`` base64 of bytes that
are not UTF-8.
"""

import base64
import json
from itertools import product
from typing import Any, Final, Literal, TypeAlias

import msgspec

Eol: TypeAlias = Literal["\n", "\r\n", "\r"]
Part: TypeAlias = dict[str, Any]

_SAMPLE: Final = 20
_DEEPEST: Final = 500
"""Brackets in an event that is kept as JSON; more could exhaust the recursion of a JSON reader."""


class Style(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the server writes the JSON of its events and ends its lines."""

    separators: tuple[str, str] = (", ", ": ")
    ascii_only: bool = msgspec.field(name="ascii", default=True)
    eol: Eol = "\n"

    @property
    def blank_line(self) -> bytes:
        return self.eol.encode() * 2


def split_parts(data: bytes, style: Style) -> list[Part]:
    """Return the parts of *data*; neighbours that are no whole events become one part."""
    parts: list[Part] = []
    plain = b""
    for block in _blocks(data, style.blank_line):
        event = _as_event(block, style)
        if event is None:
            plain += block
            continue
        if plain:
            parts.append(_plain_part(plain))
            plain = b""
        parts.append({"e": event})
    return [*parts, _plain_part(plain)] if plain else parts


def join_parts(parts: list[Part], style: Style) -> bytes:
    """Return the bytes that *parts* stand for; raises ValueError for what is no part."""
    return b"".join(_part_bytes(part, style) for part in parts)


def guess_style(body: bytes) -> Style:
    """Return the style in which the most events of *body* can be kept as JSON."""
    eols: tuple[Eol, ...] = ("\n", "\r\n", "\r")
    separators = ((", ", ": "), (",", ":"))
    styles = [Style(*choice) for choice in product(separators, (True, False), eols)]
    return max(styles, key=lambda style: _fitness(body, style))


def _fitness(body: bytes, style: Style) -> int:
    blocks = [block for block in _blocks(body, style.blank_line) if block.startswith(b"data: {")]
    return sum(_as_event(block, style) is not None for block in blocks[:_SAMPLE])


def _blocks(data: bytes, blank_line: bytes) -> list[bytes]:
    *whole, rest = data.split(blank_line)
    blocks = [block + blank_line for block in whole]
    return [*blocks, rest] if rest else blocks


def _as_event(block: bytes, style: Style) -> dict[str, Any] | None:
    if not block.startswith(b"data: {") or block.count(b"[") + block.count(b"{") > _DEEPEST:
        return None
    try:
        event = json.loads(block[len(b"data: ") :].decode(), parse_constant=_refuse)
        same = _event_bytes(event, style) == block
    except ValueError:
        return None
    return event if same else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _event_bytes(event: dict[str, Any], style: Style) -> bytes:
    text = json.dumps(event, separators=style.separators, ensure_ascii=style.ascii_only)
    return b"data: " + text.encode() + style.blank_line


def _plain_part(data: bytes) -> Part:
    try:
        return {"s": data.decode()}
    except UnicodeDecodeError:
        return {"b": base64.b64encode(data).decode()}


def _part_bytes(part: Part, style: Style) -> bytes:
    match part:
        case {"e": dict() as event, **others} if not others:
            return _event_bytes(event, style)
        case {"s": str() as text, **others} if not others:
            return text.encode()
        case {"b": str() as text, **others} if not others:
            return base64.b64decode(text, validate=True)
        case _:
            raise ValueError('a part is {"e": object}, {"s": text} or {"b": base64}')
