"""What the fake says in a nemesis run: for each client an answer whose every word is the client's.

``short`` answers think first; ``long`` ones are more than the buffers between fake and client hold.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from fake_mlx.exchange import Cassette, TransferChunk, stamp
from fake_mlx.faults import lay_over, parse_fault
from fake_mlx.library import SUFFIX, load, save
from fake_mlx.sse_text import messages, parsed
from handmade import chat, handmade
from support.nemesis_history import Sent

WORD_SECONDS: Final = {"short": 0.01, "long": 0.003}
THINKING_WORDS: Final = {"short": 15, "long": 0}
WORDS: Final = {"short": 75, "long": 200}
WORD_BYTES: Final = {"short": 0, "long": 2000}


def canary_of(model: str, number: int) -> str:
    """Return how every word begins that *model*, with its faults or without, says to a client."""
    return f"{model.partition('!')[0]}{number}."


def text_of(model: str, number: int) -> str:
    """Return all that it says."""
    canary, padding = canary_of(model, number), "x" * WORD_BYTES[model]
    return "".join(f"{canary}{word}{padding} " for word in range(WORDS[model]))


def save_cassettes(folder: Path, count: int) -> None:
    """Write the cassettes for *count* clients."""
    for model in WORDS:
        for number in range(count):
            cassette = _cassette(model, number)
            save(cassette, folder / f"{cassette.header.name}{SUFFIX}")


def sent_by(entry: dict[str, Any], folder: Path) -> Sent:
    """Return what an entry of the fake's journal says that it said, if it is over."""
    request = entry["body"]["messages"][0]["content"]
    if entry["state"] == "streaming" or entry["cassette"] is None:
        return Sent(request)
    body = _body(folder / f"{entry['cassette']}{SUFFIX}", tuple(entry["faults"]))
    return Sent(request, _said(body[: entry["bytes"]]))


def _cassette(model: str, number: int) -> Cassette:
    words = text_of(model, number).split(" ")[:-1]
    deltas = [
        {"reasoning_content" if place < THINKING_WORDS[model] else "content": f"{word} "}
        for place, word in enumerate(words)
    ]
    pieces = [_message({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    stop = _message({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    canary = canary_of(model, number)
    made = handmade(
        *pieces, stop, b"data: [DONE]\n\n", name=f"{model}/{number}", body=chat(model, canary)
    )
    chunks = tuple(
        TransferChunk(place * WORD_SECONDS[model], chunk.data)
        for place, chunk in enumerate(made.chunks)
    )
    end = msgspec.structs.replace(made.end, t=chunks[-1].t)
    headers = (*made.header.response.headers, ("Content-Type", "text/event-stream"))
    response = msgspec.structs.replace(made.header.response, headers=headers)
    header = msgspec.structs.replace(made.header, response=response)
    return stamp(msgspec.structs.replace(made, header=header, chunks=chunks, end=end))


def _message(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


@cache
def _body(file: Path, faults: tuple[str, ...]) -> bytes:
    return lay_over(load(file), [parse_fault(fault) for fault in faults]).body


def _said(body: bytes) -> str:
    """Return the text of *body*; a last message without its blank line counts if it is JSON."""
    found = (parsed(data) for _, data in messages(body + b"\n\n"))
    deltas = [chunk["choices"][0].get("delta", {}) for chunk in found if chunk.get("choices")]
    return "".join(
        delta.get("reasoning_content", "") + delta.get("content", "") for delta in deltas
    )
