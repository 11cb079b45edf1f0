"""The schema says what the wire carries, and the page's copy of it is up to date."""

from pathlib import Path
from typing import Any

from mlx_relay import events
from mlx_relay.events_schema import events_schema, schema_text

COPY = Path(__file__).resolve().parents[2] / "service/webui/src/chat/events.schema.json"


def definition(name: str) -> dict[str, Any]:
    return dict(events_schema()["$defs"][name])


def test_the_pages_copy_is_what_make_event_types_writes() -> None:
    assert COPY.read_text(encoding="utf-8") == schema_text(), "run: make event-types"


def test_every_event_is_there_by_its_type() -> None:
    types = set(events_schema()["discriminator"]["mapping"])
    assert types == {event.__struct_config__.tag for event in events.Event.__subclasses__()}
    assert len(events_schema()["oneOf"]) == len(types)


def test_a_field_that_may_be_absent_is_never_null() -> None:
    assert '"null"' not in schema_text()
    status = definition("Status")
    assert status["properties"]["position"] == {"type": "integer"}
    assert status["required"] == ["type", "phase"]


def test_the_usage_inside_done_is_named() -> None:
    usage = definition("Done")["properties"]["usage"]
    assert usage == {"$ref": "#/$defs/UsageCounts"}
