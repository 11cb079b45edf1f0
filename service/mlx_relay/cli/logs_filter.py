"""What a user asks for in; which ends of streams that means, out. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

import msgspec

from mlx_relay.errors import FAILURES
from mlx_relay.sinks.records import RecordedKind, StreamEnded

OUTCOMES: Final = (*get_args(RecordedKind), *FAILURES)
"""How a stream may end, and the codes of those that ended in an error."""

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Filter(msgspec.Struct, frozen=True):
    """What is None is not asked for."""

    user: str | None = None
    profile: str | None = None
    outcome: str | None = None
    since: datetime | None = None

    def takes(self, record: StreamEnded) -> bool:
        return (
            self.user in (None, record.user)
            and self.profile in (None, record.profile)
            and self.outcome in (None, record.kind, record.code)
            and (self.since is None or record.ts >= self.since)
        )


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that *text* means: ``15m`` ago, or a date, or a date and time (UTC).

    Raises ValueError.
    """
    if match := re.fullmatch(r"([0-9]{1,6})([smhdw])", text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
