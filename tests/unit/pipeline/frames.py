"""Values in; the bytes of an upstream's stream out."""

import json
from typing import Any

FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
ENDING = FINISH + DONE


def frame(chunk: Any) -> bytes:
    """One message that holds *chunk*."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def delta(finish_reason: str | None = None, **fields: Any) -> bytes:
    """One chunk whose only choice has a delta of *fields*."""
    return frame({"choices": [{"index": 0, "delta": fields, "finish_reason": finish_reason}]})


def content(*texts: str) -> bytes:
    """A chunk for each text."""
    return b"".join(delta(content=text) for text in texts)


def reasoning(*texts: str) -> bytes:
    """A chunk with a reasoning field for each text."""
    return b"".join(delta(reasoning_content=text) for text in texts)


def calls(*entries: Any) -> bytes:
    """One chunk with these ``tool_calls``."""
    return delta(tool_calls=list(entries))


def call(name: str, arguments: Any = "{}", **fields: Any) -> dict[str, Any]:
    """One entry of ``tool_calls``."""
    return {"function": {"name": name, "arguments": arguments}, **fields}


def usage(prompt: int, completion: int) -> bytes:
    """The chunk without choices that carries the counts."""
    counts = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    return frame({"choices": [], "usage": counts})
