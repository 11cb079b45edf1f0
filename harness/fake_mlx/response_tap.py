"""The bytes of one HTTP answer in, as they are read; the cassette of the exchange out.

It takes what passes by and holds nothing up: whoever relays the bytes has sent them on before.
"""

import base64
from datetime import datetime
from typing import Final

import msgspec

from fake_mlx.exchange import Cassette, End, Framing, stamp
from fake_mlx.http1 import Request
from fake_mlx.importer import Asked, Closing, Opening, Read, Why, assemble

_UNKNOWN: Final = "unknown"


class ResponseTap:
    """Listens to the answer to *request*; moments are seconds since the request was sent."""

    def __init__(self, request: Request, recorded_at: datetime) -> None:
        self._request = request
        self._recorded_at = recorded_at
        self._held = b""
        self._status_line = ""
        self._headers: list[tuple[str, str]] = []
        self._head_at: float | None = None
        self._reads: list[Read] = []

    def data(self, data: bytes, at: float) -> None:
        """Take *data* as it was read at *at*."""
        if self._head_at is None:
            self._held += data
            data = self._read_head(at)
        if data:
            self._reads.append(Read(t_ms=at * 1000, b64=data))

    def cassette(self, name: str, why: Why, at: float) -> Cassette:
        """Return the exchange, which ended at *at*; raises ValueError if it was no HTTP."""
        size = sum(len(read.b64) for read in self._reads)
        closing = Closing(kind="end", t_ms=at * 1000, why=why, bytes=size)
        cassette = stamp(assemble(name, self._opening(), self._reads, closing))
        if why == "eof" and self._is_short(size):
            end = End(cassette.end.t, "fin-without-terminator")
            cassette = msgspec.structs.replace(cassette, end=end)
        return cassette

    def _read_head(self, at: float) -> bytes:
        """Take the head off what is held, interim ones too; return what follows it."""
        while True:
            head, found, rest = self._held.partition(b"\r\n\r\n")
            if not found:
                return b""
            self._held = rest
            first, *lines = head.decode("latin-1").split("\r\n")
            if first.split(" ")[1:2] and not first.split(" ")[1].startswith("1"):
                break
        self._status_line = first
        pairs = [line.partition(":") for line in lines]
        self._headers = [(name, value.strip()) for name, _, value in pairs]
        self._head_at = at
        return rest

    def _opening(self) -> Opening:
        status = self._status_line.split(" ")[1:2]
        head_ms = None if self._head_at is None else self._head_at * 1000
        return Opening(
            kind="header",
            server=self._header("server") or _UNKNOWN,
            recorded_at=self._recorded_at,
            request=self._asked(),
            status_line=self._status_line,
            status=int(status[0]) if status else None,
            headers=self._headers,
            framing=self._framing(),
            head_ms=head_ms,
        )

    def _asked(self) -> Asked:
        request = self._request
        headers = {n: v for n, v in request.headers if n.lower() != "transfer-encoding"}
        body = base64.b64encode(request.body).decode() if request.body else None
        return Asked(method=request.method, path=request.path, headers=headers, body_b64=body)

    def _framing(self) -> Framing:
        if self._header("transfer-encoding").lower() == "chunked":
            return "chunked"
        return "content-length" if self._header("content-length") else "close"

    def _is_short(self, size: int) -> bool:
        length = self._header("content-length")
        return self._framing() == "content-length" and length.isdigit() and size < int(length)

    def _header(self, wanted: str) -> str:
        return next((value for name, value in self._headers if name.lower() == wanted), "")
