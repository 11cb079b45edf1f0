"""Streams recorded from real servers, against plain string logic over the whole text."""

import base64
import json
import random
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from laws import assert_no_empty_content, assert_one_terminal_event, cut, merged, play
from mlx_relay.events import Done, Error, Event, Response, Thinking, ThinkingDone, ToolCall

FOLDER = Path(__file__).parents[3] / "../shared/recordings"
PATHS = sorted(FOLDER.rglob("*.jsonl"))
MAX_BYTEWISE = 20_000


def body_of(path: Path) -> tuple[dict[str, Any], bytes]:
    header, *reads, _ = [json.loads(line) for line in path.read_text().splitlines()]
    wire = b"".join(base64.b64decode(read["b64"]) for read in reads)
    return header, unchunked(wire) if header["framing"] == "chunked" else wire


def unchunked(wire: bytes) -> bytes:
    """Undo the transfer coding; what a broken end cuts off stays off."""
    body = b""
    while b"\r\n" in wire:
        size, _, wire = wire.partition(b"\r\n")
        length = int(size, 16)
        body, wire = body + wire[:length], wire[length + 2 :]
    return body


def is_chat_stream(header: dict[str, Any], body: bytes) -> bool:
    return (
        header["status"] == 200
        and header["request"]["path"] == "/v1/chat/completions"
        and any("event-stream" in value for _, value in header["headers"])
        and b"data: " in body
    )


class Told:
    """What the whole text of a recording says, found without our parser."""

    def __init__(self, body: bytes, *, starts: bool) -> None:
        whole = body.decode()
        self.chunks = [
            json.loads(message.removeprefix("data: "))
            for message in whole.split("\n\n")[:-1]
            if message.startswith("data: {")
        ]
        self.has_error = any(chunk.get("error") for chunk in self.chunks)
        self.choices = [choice for chunk in self.chunks for choice in chunk.get("choices") or []]
        self.is_finished = any(choice.get("finish_reason") for choice in self.choices)
        texts = [text for choice in self.choices for text in self._texts(choice["delta"])]
        runs = [(kind, "".join(t for _, t in run)) for kind, run in groupby(texts, lambda p: p[0])]
        content = "".join(text for kind, text in runs if kind == "content")
        starts = starts and bool(runs) and runs[0][0] == "content"
        tagged, self.response = self._split(content, starts=starts)
        fields = [text for kind, text in runs if kind == "field"]
        self.thinking = "".join(text for text in [tagged, *fields] if text.strip())

    @staticmethod
    def _texts(delta: dict[str, Any]) -> list[tuple[str, str]]:
        field = delta.get("reasoning_content") or delta.get("reasoning")
        texts = [("field", field), ("content", delta.get("content"))]
        return [(kind, text) for kind, text in texts if text]

    @staticmethod
    def _split(content: str, *, starts: bool) -> tuple[str, str]:
        """The recordings have one block between tags, at the start; all other tags are quoted."""
        if content.startswith("<think>"):
            content = content.removeprefix("<think>")
        elif not starts:
            return "", content
        thinking, _, response = content.partition("</think>")
        return thinking, response

    def calls(self) -> list[tuple[str, str, str]]:
        entries = [c for choice in self.choices for c in choice["delta"].get("tool_calls") or []]
        return [
            (entry["id"], entry["function"]["name"], entry["function"]["arguments"])
            for entry in entries
        ]


def content_of(events: list[Event], kind: type[Thinking | Response]) -> str:
    return "".join(event.content for event in events if isinstance(event, kind))


RECORDINGS = [
    pytest.param(path, id=str(path.relative_to(FOLDER)))
    for path in PATHS
    if is_chat_stream(*body_of(path))
] or [pytest.param(None, marks=pytest.mark.skip(reason="the shared test data is not here"))]


@pytest.mark.parametrize("starts", [None, True])
@pytest.mark.parametrize("path", RECORDINGS)
def test_a_recording_gives_the_text_its_bytes_hold(path: Path, starts: bool | None) -> None:
    _, body = body_of(path)
    told = Told(body, starts=bool(starts))
    events = merged(play([body], starts_in_thinking=starts))
    assert_one_terminal_event(events)
    assert_no_empty_content(events)
    assert content_of(events, Thinking) == told.thinking
    assert content_of(events, Response) == told.response
    assert bool(told.thinking) == any(isinstance(event, ThinkingDone) for event in events)
    end = events[-1]
    if told.has_error or not told.is_finished:
        assert isinstance(end, Error)
        assert end.code == ("upstream_error" if told.has_error else "upstream_truncated")
    else:
        assert isinstance(end, Done)
        calls = [event for event in events if isinstance(event, ToolCall)]
        assert [(call.id, call.name, call.arguments) for call in calls] == told.calls()


@pytest.mark.parametrize("path", RECORDINGS)
def test_a_recording_gives_the_same_however_it_is_cut(path: Path) -> None:
    _, body = body_of(path)
    whole = merged(play([body]))
    for seed in range(3):
        chance = random.Random(seed)
        places = [chance.randrange(len(body)) for _ in range(3 + len(body) // (10 + 90 * seed))]
        assert merged(play(cut(body, places))) == whole
    if len(body) < MAX_BYTEWISE:
        assert merged(play(cut(body, range(len(body))))) == whole
