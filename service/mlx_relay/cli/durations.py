"""``15m``, ``2h`` or ``30d`` in; the length of time out. Pure."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str) -> timedelta | None:
    """Return None for what is no length of time."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
