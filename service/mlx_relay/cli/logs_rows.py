"""The end of a stream in; a line of a table, or of JSON, out. Pure.

The widths are fixed, because a line may come long after those above it.
"""

from typing import Final

import msgspec
from rich.text import Text

from mlx_relay.cli.printable import one_line
from mlx_relay.sinks.records import StreamEnded

_WIDTHS: Final = (19, 12, 16, 28, 7, 8, 7, 6)
_OUTCOME: Final = 3
_NUMBERS_FROM: Final = 4
_HEADINGS: Final = (
    "ENDED (UTC)",
    "USER",
    "PROFILE",
    "OUTCOME",
    "FIRST",
    "TOTAL",
    "TOKENS",
    "TOK/S",
    "STREAM",
)
_COLORS: Final = {"done": "green", "error": "red", "client_gone": "yellow", "lost": "magenta"}
_ESCAPES: Final = {number: f"\\u{number:04x}" for number in range(0x7F, 0xA0)}
"""DEL and the C1 set, which JSON leaves as they are and a terminal may obey."""


def json_line(value: object) -> str:
    """Return *value* as JSON without any control character."""
    return msgspec.json.encode(value).decode().translate(_ESCAPES)


def heading() -> Text:
    return Text("  ".join(_aligned(_HEADINGS)), style="bold")


def row(record: StreamEnded) -> Text:
    """Return *record* as a line; the outcome has a color."""
    cells = (
        f"{record.ts:%Y-%m-%d %H:%M:%S}",
        record.user,
        record.profile,
        _outcome(record),
        _seconds(record.first_event),
        _seconds(record.seconds),
        _number(completion_tokens(record)),
        _number(tokens_per_second(record), ".1f"),
        record.stream_id,
    )
    texts = [Text(cell) for cell in _aligned(tuple(map(one_line, cells)))]
    texts[_OUTCOME].stylize(_COLORS[record.kind])
    return Text("  ").join(texts)


def completion_tokens(record: StreamEnded) -> int | None:
    return record.usage.completion_tokens if record.usage else None


def generation_seconds(record: StreamEnded) -> float | None:
    """Return how long the model wrote, from the first event to the end."""
    if record.first_event is None or record.seconds is None:
        return None
    return max(0.0, record.seconds - record.first_event)


def tokens_per_second(record: StreamEnded) -> float | None:
    tokens, seconds = completion_tokens(record), generation_seconds(record)
    return tokens / seconds if tokens and seconds else None


def _outcome(record: StreamEnded) -> str:
    if record.kind == "error":
        return "/".join(filter(None, (record.code, record.cause)))
    reason = record.cause if record.kind == "lost" else record.finish_reason
    return f"{record.kind} {reason}" if reason and reason != "stop" else record.kind


def _seconds(value: float | None) -> str:
    return f"{_number(value, '.2f')}s" if value is not None else "-"


def _number(value: float | None, form: str = "") -> str:
    return format(value, form) if value is not None else "-"


def _aligned(cells: tuple[str, ...]) -> list[str]:
    """Return *cells* as wide as their columns; the last one, the longest, is left as it is."""
    padded = [
        cell.rjust(width) if index >= _NUMBERS_FROM else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=False))
    ]
    return [*padded, cells[-1]]
