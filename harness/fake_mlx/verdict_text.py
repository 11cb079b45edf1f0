"""The body that a fake sent and the answer that a client got, in; which text differs, out.

A proxy that speaks events of its own changes the form and not the words. White space and
``<think>`` tags may go; all else must come in its order, thinking as thinking and answer as answer
where the server tells them apart.
"""

import re
from typing import Any, Final

import msgspec

from fake_mlx.sse_text import messages, parsed

_TAG: Final = re.compile(r"</?think>")
_MAY_DIFFER: Final = re.compile(r"\s+|</?think>|\{\}")  # {}: a call without arguments, or none
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SHOWN: Final = 20


class Told(msgspec.Struct):
    """What a stream says: its *text*, which is thinking and answer in their order; its calls."""

    text: str = ""
    thinking: str = ""
    answer: str = ""
    calls: str = ""


def changed(sent: bytes, came: bytes, *, may_end_early: bool, more_was_sent: bool) -> str:
    """Say how the text of *came* differs from that of *sent*, "" if it does not.

    *may_end_early*: what came may stop before all was said; *more_was_sent*: *sent* is not all.
    """
    problem = ""
    # Whether a last message without its blank line counts is for the proxy to decide.
    for body in (sent + b"\n\n", sent):
        problem = _difference(
            _told(body), _told(came), may_end_early=may_end_early, more_was_sent=more_was_sent
        )
        if not problem:
            break
    return problem


def _told(body: bytes) -> Told:
    told = Told()
    found = [parsed(data) for _, data in messages(body.removeprefix(_BYTE_ORDER_MARK))]
    for message in found or [parsed(body.decode("utf-8", "replace"))]:
        thinking, answer, calls = _parts(message)
        told.text += thinking + answer
        told.thinking += thinking
        told.answer += answer
        told.calls += calls
    return told


def _parts(message: dict[str, Any]) -> tuple[str, str, str]:
    """Return the thinking, the answer and the calls that *message* adds."""
    match message:
        case {"type": "thinking", "content": str() as content}:
            return content, "", ""
        case {"type": "response", "content": str() as content}:
            return "", content, ""
        case {"type": "tool_call", "name": str() as name, "arguments": str() as arguments}:
            return "", "", name + arguments
        case {"choices": [{"delta": dict() as said}, *_]}:
            return _parts_of(said)
        case {"choices": [{"message": dict() as said}, *_]}:
            return _parts_of(said)
        case _:
            return "", "", ""


def _parts_of(said: dict[str, Any]) -> tuple[str, str, str]:
    thinking = said.get("reasoning_content") or said.get("reasoning") or ""
    functions = [call.get("function") or {} for call in said.get("tool_calls") or []]
    calls = [(call.get("name") or "") + (call.get("arguments") or "") for call in functions]
    return thinking, said.get("content") or "", "".join(calls)


def _difference(sent: Told, came: Told, *, may_end_early: bool, more_was_sent: bool) -> str:
    # Tags in the text say where thinking ends, if the proxy reads them: then only the order counts.
    kinds = ("text", "calls") if _TAG.search(sent.text) else ("thinking", "answer", "calls")
    for kind in kinds:
        one, other = (_MAY_DIFFER.sub("", getattr(told, kind)) for told in (sent, came))
        same = _common(one, other)
        excused = (same == len(other) and may_end_early) or (same == len(one) and more_was_sent)
        if one != other and not excused:
            shown = f"{one[same : same + _SHOWN]!r} was sent, {other[same : same + _SHOWN]!r} came"
            return f"the {kind} differs at character {same}: {shown}"
    return ""


def _common(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    differing = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))
