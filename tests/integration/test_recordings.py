"""Every recorded chat through the whole system: fake server, relay, client.

What the client gets is compared with what the recording's own bytes hold.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from fake_mlx.cassette import loads
from integration.conftest import CASSETTES
from support.oracle import expect
from support.processes import Service
from support.relay import Events, RelayService, text_of

RAW_PREFILLED = ("prefill_qwen3/", "mlx_lm/splitprefill_")
"""The template opened the block and the server did not split: a profile must say so."""


def chats(folder: Path = CASSETTES) -> list[str]:
    """Return the names of the cassettes that hold a chat."""
    return [
        str(path.relative_to(folder)).removesuffix(".cast.jsonl")
        for path in sorted(folder.rglob("*.cast.jsonl"))
        if is_chat(path)
    ]


def is_chat(path: Path) -> bool:
    with path.open("rb") as lines:
        request = json.loads(lines.readline())["request"]
    return bool(request["method"] == "POST" and request["path"].endswith("/chat/completions"))


def asked(name: str, folder: Path = CASSETTES) -> dict[str, Any]:
    """Return the recorded request's fields that change how an answer is read."""
    request = loads((folder / f"{name}.cast.jsonl").read_bytes(), name).header.request.json
    fields = request if isinstance(request, dict) else {}
    kwargs = fields.get("chat_template_kwargs")
    return {
        "max_tokens": fields.get("max_tokens") or None,
        "chat_template_kwargs": kwargs if isinstance(kwargs, dict) else None,
    }


def starts_in_thinking(name: str, fields: dict[str, Any]) -> bool | None:
    off = (fields["chat_template_kwargs"] or {}).get("enable_thinking") is False
    return True if not off and any(part in name for part in RAW_PREFILLED) else None


def check_order(events: Events) -> None:
    """Assert the laws of the wire contract that hold for every stream."""
    types = [event["type"] for event in events]
    assert types[0] == "start"
    assert [kind for kind in types if kind in ("done", "error")] == [types[-1]]
    assert all(event["content"] for event in events if "content" in event)
    open_block = False
    for kind in types:
        assert not (open_block and kind not in ("thinking", "thinking_done")), types
        assert open_block or kind != "thinking_done", types
        open_block = kind == "thinking"


@pytest.mark.parametrize("name", chats())
async def test_a_recorded_chat_arrives_as_its_bytes_hold_it(
    relay: RelayService, fake: Service, name: str
) -> None:
    cassette = loads((CASSETTES / f"{name}.cast.jsonl").read_bytes(), name)
    fields = asked(name)
    begins = starts_in_thinking(name, fields)
    expected = expect(
        cassette.header.response.status,
        cassette.body,
        reads_tags=True,
        starts_in_thinking=bool(begins),
        max_tokens=fields["max_tokens"],
    )
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name=name.replace("/", "."),
            host="127.0.0.1",
            port=fake.port,
            model_path=name,
            starts_in_thinking=begins,
        )
        given = {key: value for key, value in fields.items() if value is not None}
        events = await relay.chat(session, profile_id, **given)
    check_order(events)
    assert text_of(events, "thinking") == expected.thinking
    assert text_of(events, "response") == expected.response
    calls = [(e["name"], e["arguments"]) for e in events if e["type"] == "tool_call"]
    assert calls == expected.calls
    last = events[-1]
    assert (last["type"], last.get("code") or last["finish_reason"]) == (
        expected.terminal,
        expected.ending,
    )
