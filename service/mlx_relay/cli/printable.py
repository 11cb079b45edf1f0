"""Any text in; text that a terminal shows and does not obey out. Pure."""

from typing import Final

_KEPT: Final = "\n\t"
_CONTROLS: Final = {
    number: None for number in (*range(0x20), *range(0x7F, 0xA0)) if chr(number) not in _KEPT
}
"""ECMA-48's C0 and C1 sets, and DEL: without them no escape sequence begins."""


def printable(text: str) -> str:
    """Return *text* without control characters other than newline and tab."""
    return text.translate(_CONTROLS)


def one_line(text: str) -> str:
    """Return *text* as a single printable line."""
    return " ".join(printable(text).split())
