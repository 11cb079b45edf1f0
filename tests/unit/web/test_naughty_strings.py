"""Whatever text stands in a field: it comes back as it was sent, or is refused with a reason."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from laws import IS_NIGHTLY
from support.naughty import naughty_strings
from unit.web.conftest import Edge


class Field(NamedTuple):
    """A field that people fill with text: where it goes, and what stands beside it."""

    path: str
    name: str
    beside: Mapping[str, Any] = MappingProxyType({})
    method: str = "POST"


STRINGS = naughty_strings()[:: 1 if IS_NIGHTLY else 5]
PROFILE = {"name": "p", "host": "127.0.0.1", "port": 8000, "model_path": "m"}
FIELDS = [
    Field("/api/users/2", "name", method="PATCH"),
    Field("/api/keys", "name"),
    Field("/api/profiles", "name", PROFILE),
    Field("/api/profiles", "model_path", PROFILE),
    Field("/api/conversations", "title"),
]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.path}-{field.name}")
async def test_a_text_is_kept_as_it_is_or_refused(edge: Edge, field: Field) -> None:
    kept = 0
    for number, text in enumerate(STRINGS):
        unique = {"name": f"p{number}"} if field.name == "model_path" else {}
        body = {**field.beside, **unique, field.name: text}
        status, answer = await edge.as_admin(field.method, field.path, body)
        if status in (200, 201):
            kept += 1
            assert answer[field.name] == (clean(text) if field.name == "title" else text)
        else:
            assert (status, answer["error"]["code"]) in [
                (422, "invalid_request"),
                (409, "conflict"),
            ]
    assert kept > 4


async def test_a_message_of_any_text_is_kept(edge: Edge) -> None:
    _, conversation = await edge.as_admin("POST", "/api/conversations", {})
    path = f"/api/conversations/{conversation['id']}"
    for position, text in enumerate(STRINGS):
        body = {"role": "user", "content": text}
        status, _ = await edge.as_admin("PUT", f"{path}/messages/{position}", body)
        assert status == 200
    _, whole = await edge.as_admin("GET", path)
    assert [message["content"] for message in whole["messages"]] == STRINGS


async def test_any_text_may_be_searched_for(edge: Edge) -> None:
    for text in STRINGS:
        async with edge.client.get(
            "/api/conversations", params={"search": text}, headers=edge.bearer(edge.admin)
        ) as answer:
            assert answer.status in (200, 422)


def clean(title: str) -> str:
    """A title is one line without control characters."""
    return "".join(c for c in " ".join(title.split()) if not (c < " " or "\x7f" <= c <= "\x9f"))
