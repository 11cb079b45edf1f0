"""The raw body of a recorded chat in; what a client must get, by plain string logic, out.

Shares nothing with the pipeline: it looks at the whole text at once.
"""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Expected:
    """The text of each kind, the calls as (name, arguments), and how the stream must end."""

    thinking: str = ""
    response: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    terminal: str = "done"
    ending: str = "stop"


def expect(
    status: int | None,
    body: bytes,
    *,
    reads_tags: bool,
    starts_in_thinking: bool = False,
    max_tokens: int | None = None,
) -> Expected:
    """Return what must come of an exchange with this *status* and *body*."""
    if status != 200:
        return Expected(terminal="error", ending=_code_of(status))
    expected, content, fields, ends = Expected(), "", "", _Ends()
    tags_came_first = False
    for chunk in _chunks(body, ends):
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or choice.get("message") or {}
            reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
            tags_came_first = tags_came_first or bool(reasoning and content and not fields)
            fields += reasoning
            content += delta.get("content") or ""
            for call in delta.get("tool_calls") or []:
                function = call["function"]
                expected.calls.append((function["name"], function["arguments"]))
            ends.finish = ends.finish or choice.get("finish_reason")
        ends.usage = chunk.get("usage") or ends.usage
    thinking, expected.response = _split(content, reads_tags, starts_in_thinking)
    parts = (thinking, fields) if tags_came_first else (fields, thinking)
    expected.thinking = "".join(text for text in parts if text.strip())
    expected.terminal, expected.ending = ends.verdict(bool(expected.calls), max_tokens)
    if expected.terminal == "error":
        expected.calls = []
    return expected


@dataclass
class _Ends:
    finish: str | None = None
    usage: dict[str, Any] | None = None
    done: bool = False
    failure: str | None = None

    def verdict(self, has_calls: bool, max_tokens: int | None) -> tuple[str, str]:
        if self.failure:
            return "error", self.failure
        if self.finish is None:
            return (
                ("done", "unknown") if self.done and self.usage else ("error", "upstream_truncated")
            )
        if self.finish == "stop" and has_calls:
            return "done", "tool_calls"
        used = (self.usage or {}).get("completion_tokens", 0)
        if self.finish == "stop" and max_tokens and used >= max_tokens:
            return "done", "length"
        return "done", self.finish


def _chunks(body: bytes, ends: _Ends) -> list[dict[str, Any]]:
    text = body.decode("utf-8", "replace")
    if text.startswith("{"):
        ends.done = True
        return [json.loads(text)]
    found = []
    for message in text.split("\n\n")[:-1]:
        if message == "data: [DONE]":
            ends.done = True
        elif message.startswith("data: ") and not ends.failure:
            chunk = json.loads(message.removeprefix("data: "))
            if chunk.get("error"):
                ends.failure = "upstream_error"
            else:
                found.append(chunk)
    return found


def _split(content: str, reads_tags: bool, starts_in_thinking: bool) -> tuple[str, str]:
    """Return thinking and answer of a text in which only a leading block is reasoning."""
    if not reads_tags:
        return "", content
    if content.lstrip().startswith("<think>"):
        content = content.lstrip().removeprefix("<think>")
    elif not starts_in_thinking:
        return "", content
    thinking, _, answer = content.partition("</think>")
    return thinking, answer


def _code_of(status: int | None) -> str:
    if status is None:
        return "upstream_unreachable"
    return "upstream_rejected" if status < 500 else "upstream_error"
