"""The typed events in; their JSON Schema (2020-12) out, for clients in other languages. Pure."""

import json
from typing import Any

import msgspec

from mlx_relay.events import AnyEvent

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def events_schema() -> dict[str, Any]:
    """Return the schema of one event: ``oneOf`` the members of ``$defs``, told apart by *type*."""
    (event,), parts = msgspec.json.schema_components([AnyEvent])
    return {
        "$schema": DIALECT,
        "title": "Event",
        "description": "One event of a chat stream, as it stands in a data: line.",
        "oneOf": event["anyOf"],
        "discriminator": event["discriminator"],
        "$defs": {name: _without_null(part) for name, part in parts.items()},
    }


def schema_text() -> str:
    """Return the schema as a file holds it."""
    return json.dumps(events_schema(), indent=2) + "\n"


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """An absent field is absent on the wire, never null (msgspec's own schema allows both)."""
    properties = {name: _present(schema) for name, schema in part["properties"].items()}
    return {**part, "properties": properties}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema
