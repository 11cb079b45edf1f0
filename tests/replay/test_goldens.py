"""Every cassette through the real service, against the typed events that are kept beside it.

Neighbours of one kind are joined, durations and ids of streams left out. ``make goldens`` writes
them anew and prints what changed.
"""

import difflib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from integration.test_recordings import asked, chats, starts_in_thinking
from support.processes import Service
from support.relay import Events, RelayService

GOLDENS = Path(__file__).parents[1] / "goldens"
NAMES = chats()
LONGEST_TEXT = 400


def golden_of(name: str) -> Path:
    return GOLDENS / f"{name}.jsonl"


def told(events: Events) -> str:
    """Return *events* as lines, a long text by its two ends and its length."""
    lines: list[dict[str, Any]] = []
    for event in events:
        kept = {k: v for k, v in event.items() if k not in ("stream_id", "duration", "profile")}
        if lines and "content" in kept and lines[-1]["type"] == kept["type"]:
            lines[-1]["content"] += kept["content"]
        else:
            lines.append(kept)
    for line in lines:
        text = line.get("content", "")
        if len(text) > LONGEST_TEXT:
            half = LONGEST_TEXT // 2
            line["content"] = f"{text[:half]} ...{len(text)} characters... {text[-half:]}"
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


@pytest.mark.parametrize("name", NAMES)
async def test_a_cassette_gives_its_golden_events(
    relay: RelayService, fake: Service, name: str
) -> None:
    fields = asked(name)
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name=name.replace("/", "."),
            host="127.0.0.1",
            port=fake.port,
            model_path=name,
            starts_in_thinking=starts_in_thinking(name, fields),
        )
        given = {key: value for key, value in fields.items() if value is not None}
        now = told(await relay.chat(session, profile_id, **given))
    golden = golden_of(name)
    if os.environ.get("WRITE_GOLDENS") == "1":
        write(golden, now)
    assert golden.is_file(), f"{name} has no golden events: make goldens"
    assert now == golden.read_text(encoding="utf-8")


def write(golden: Path, now: str) -> None:
    """Write *now* to *golden*, and say what changed."""
    before = golden.read_text(encoding="utf-8") if golden.is_file() else ""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), str(golden.name), "now")
    sys.stderr.writelines(f"{line}\n" for line in lines)
    golden.parent.mkdir(parents=True, exist_ok=True)
    golden.write_text(now, encoding="utf-8")


def test_no_golden_has_lost_its_cassette() -> None:
    kept = {path.relative_to(GOLDENS).as_posix() for path in GOLDENS.rglob("*.jsonl")}
    assert kept == {f"{name}.jsonl" for name in NAMES}
