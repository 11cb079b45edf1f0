"""What a user asks for in; which ends of streams that means, out. Pure."""

from datetime import UTC, datetime
from typing import Final, get_args

import msgspec

from mlx_relay.cli.durations import parse_duration
from mlx_relay.errors import FAILURES
from mlx_relay.sinks.records import RecordedKind, StreamEnded

OUTCOMES: Final = (*get_args(RecordedKind), *FAILURES)
"""How a stream may end, and the codes of those that ended in an error."""


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
    if (age := parse_duration(text)) is not None:
        return now - age
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
