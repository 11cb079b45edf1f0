"""Texts in; the events of a whole stream that held them out. For the tests of one family."""

from typing import Any

from laws import merged, play
from mlx_relay.events import Done, Event, FinishReason, ThinkingDone, ToolCall
from unit.pipeline.families.samples import TOOLS
from unit.pipeline.frames import ENDING, content

END = ThinkingDone(0.0)


def told(*texts: str, **options: Any) -> list[Event]:
    """Return the events of a stream of *texts* that ended well, without ``done``."""
    stream = [content(text) for text in texts] + [ENDING]
    events = merged(play(stream, **{"tools": TOOLS} | options))
    has_calls = any(isinstance(event, ToolCall) for event in events)
    reason: FinishReason = "tool_calls" if has_calls else "stop"
    assert events.pop() == Done(reason)
    return events


def assert_told(text: str, events: list[Event], **options: Any) -> None:
    """Assert that *text* gives *events*, in one piece and in characters."""
    assert told(text, **options) == events
    assert told(*text, **options) == events
