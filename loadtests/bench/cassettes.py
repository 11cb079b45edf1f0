"""Writes the cassettes that the benchmarks replay; each token is marked, so that it can be counted.

A token is ``@`` and a number: no transport, framing or re-encoding adds or hides a ``@``, so a
client that counts them knows which token it has, whatever the dialect.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

MARK: Final = b"@"


def token(number: int) -> str:
    return f"@{number} "


def text(tokens: int) -> str:
    """Return the whole answer of a cassette of *tokens*."""
    return "".join(map(token, range(tokens)))


def write(folder: Path, name: str, tokens: int, seconds: float) -> None:
    """Write a stream of *tokens*, one every *seconds*, then the finish chunk and ``[DONE]``."""
    end = tokens * seconds
    records: list[dict[str, Any]] = [_header(name), {"t": 0.0, "head": True}]
    records += [{"t": (n + 1) * seconds, "s": _event(token(n))} for n in range(tokens)]
    records += [
        {"t": end, "s": _event(None, "stop")},
        {"t": end, "s": "data: [DONE]\n\n"},
        {"t": end, "end": "eof"},
    ]
    file = folder / f"{name}.cast.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


def stamp(folder: Path) -> None:
    """Let the harness itself put sizes and hashes into the cassettes of *folder*."""
    command = (sys.executable, "-m", "fake_mlx", "check", "--restamp", str(folder))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _event(content: str | None, finish_reason: str | None = None) -> str:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m"}
    return f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n"


def _header(name: str) -> dict[str, Any]:
    headers = [
        ["Content-Type", "text/event-stream"],
        ["Transfer-Encoding", "chunked"],
        ["Connection", "close"],
    ]
    return {
        "cast": 1,
        "name": name,
        "recorded_at": "2026-11-21T00:00:00Z",
        "source": {"server": "handmade"},
        "request": {"method": "POST", "path": "/v1/chat/completions", "headers": []},
        "response": {
            "status": 200,
            "reason": "OK",
            "http": "1.1",
            "framing": "chunked",
            "headers": headers,
        },
        "bytes": 0,
        "sha256": "0" * 64,
    }
