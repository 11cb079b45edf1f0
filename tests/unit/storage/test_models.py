"""Times in the database, and a profile's columns."""

from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy.dialects import sqlite

from mlx_relay.profiles import Deadlines, ProfileFields
from mlx_relay.storage.models import ProfileRow, UtcDateTime, profile_columns

DIALECT = sqlite.dialect()
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_time_goes_in_as_utc_wherever_it_was_read() -> None:
    in_berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    assert UtcDateTime().process_bind_param(in_berlin, DIALECT) == NOON
    assert UtcDateTime().process_bind_param(None, DIALECT) is None


def test_a_time_comes_out_aware_even_where_the_database_forgot_the_zone() -> None:
    for stored in (NOON, NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=5)))):
        time = UtcDateTime().process_result_value(stored, DIALECT)
        assert time == NOON
        assert time is not None
        assert time.tzinfo is UTC
    assert UtcDateTime().process_result_value(None, DIALECT) is None


def test_a_row_has_every_field_of_a_profile() -> None:
    fields = ProfileFields(name="n", host="h", port=1, model_path="m", deadlines=Deadlines(total=9))
    row = ProfileRow(id=7, **profile_columns(fields))
    assert row.deadlines["total"] == 9
    profile = row.to_profile()
    assert profile.id == 7
    assert profile.deadlines == fields.deadlines
