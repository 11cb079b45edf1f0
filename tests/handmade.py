"""Cassettes made by hand, for tests: body pieces in, a valid cassette out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from fake_mlx.exchange import (
    Cassette,
    End,
    Ending,
    Framing,
    Head,
    Header,
    Match,
    Request,
    Response,
    Source,
    TransferChunk,
    stamp,
)


def chat(model: str, message: str = "Hello!", **fields: Any) -> dict[str, Any]:
    """Return the body of a chat request."""
    messages = [{"role": "user", "content": message}]
    return {"model": model, "messages": messages, "stream": True} | fields


def handmade(
    *pieces: bytes,
    name: str = "handmade",
    framing: Framing = "chunked",
    http: Literal["1.0", "1.1"] = "1.1",
    status: int | None = 200,
    end: Ending = "eof",
    ends_at: float | None = None,
    headers: Sequence[tuple[str, str]] | None = None,
    body: object = None,
    path: str = "/v1/chat/completions",
    match: Match | None = None,
) -> Cassette:
    """Return a cassette whose transfer chunks are *pieces*, a millisecond apart."""
    framed = {
        "chunked": [("Transfer-Encoding", "chunked")],
        "content-length": [("Content-Length", str(sum(map(len, pieces))))],
        "close": [],
    }[framing]
    chunks = [TransferChunk(number / 1000, data) for number, data in enumerate(pieces, 1)]
    header = Header(
        cast=1,
        name=name,
        recorded_at=datetime(2026, 11, 21, tzinfo=UTC),
        source=Source("handmade"),
        request=Request("POST", path, (), body or chat("any")),
        response=Response(status, tuple(headers or framed), http, framing, "OK" if status else ""),
        bytes=0,
        sha256="0" * 64,
        match=match or Match(),
    )
    last = (len(pieces) + 1) / 1000 if ends_at is None else ends_at
    head = Head(0.0, True) if status else None
    return stamp(Cassette(header, head, tuple(chunks), End(last, end)))
