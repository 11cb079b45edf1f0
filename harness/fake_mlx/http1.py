"""Bytes of a connection in, HTTP/1.x requests out; and the bytes of response heads.

Strict where a mistake could hide (line ends, lengths, framing), and free of I/O.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from fake_mlx.chunked import BadChunk, ChunkedReader

LARGEST_HEAD: Final = 64 * 1024
LARGEST_BODY: Final = 64 * 1024 * 1024

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(1\.[01])")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\t\x20-\x7e\x80-\xff])*)")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")


class BadRequest(Exception):
    """Bytes that are no request this server takes; *status* is for the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Request:
    """One request, with its whole body; names of headers are as they were sent."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def keeps_alive(self) -> bool:
        wishes = self.values("connection")
        return "keep-alive" in wishes if self.version == "1.0" else "close" not in wishes

    def values(self, name: str) -> list[str]:
        """Return the comma-separated values of the headers *name* (lower case), in lower case."""
        found = [value for key, value in self.headers if key.lower() == name]
        return [item.strip().lower() for value in found for item in value.split(",")]


class RequestReader:
    """Reads requests one after the other, also several that arrive together."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._head: Request | None = None  # of a request whose body is not whole yet
        self._length = 0
        self._chunks: ChunkedReader | None = None
        self._data: list[bytes] = []
        self._owes_continue = False

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that are whole now; raises BadRequest."""
        self._held += data
        requests = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def take_continue(self) -> bool:
        """Return, once for each request, whether its client waits for ``100 Continue``."""
        owes, self._owes_continue = self._owes_continue, False
        return owes

    def _next(self) -> Request | None:
        head = self._head or self._read_head()
        if head is None:
            return None
        body = self._read_chunked(self._chunks) if self._chunks else self._read_length()
        if body is None:
            return None
        self._head = None
        self._owes_continue = False
        return replace(head, body=body)

    def _read_head(self) -> Request | None:
        while self._held.startswith(b"\r\n"):
            del self._held[:2]
        end = self._held.find(b"\r\n\r\n", 0, LARGEST_HEAD)
        head = bytes(self._held[: end if end >= 0 else LARGEST_HEAD])
        if _BARE_LF.search(head):
            raise BadRequest(400, "a line ends without a carriage return")
        if end < 0:
            if len(head) >= LARGEST_HEAD:
                raise BadRequest(431, "the head is too large")
            return None
        del self._held[: end + 4]
        self._head = _parse_head(head)
        self._expect_body(self._head)
        return self._head

    def _expect_body(self, head: Request) -> None:
        codings, lengths = head.values("transfer-encoding"), head.values("content-length")
        self._chunks = _chunked_reader(head, codings, lengths) if codings else None
        self._length = _content_length(lengths)
        self._data = []
        self._owes_continue = head.version == "1.1" and "100-continue" in head.values("expect")

    def _read_length(self) -> bytes | None:
        if len(self._held) < self._length:
            return None
        body = bytes(self._held[: self._length])
        del self._held[: self._length]
        return body

    def _read_chunked(self, chunks: ChunkedReader) -> bytes | None:
        data = bytes(self._held)
        self._held.clear()
        try:
            self._data += chunks.feed(data)
        except BadChunk as error:
            raise BadRequest(400, str(error)) from error
        if not chunks.finished:
            return None
        self._held += chunks.leftover()
        return b"".join(self._data)


def response_head(
    version: str, status: int, reason: str, headers: Iterable[tuple[str, str]]
) -> bytes:
    """Return the bytes of a response head."""
    lines = [f"HTTP/{version} {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _parse_head(head: bytes) -> Request:
    first, *lines = head.split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if not found:
        raise BadRequest(400, "the first line is no HTTP/1.0 or HTTP/1.1 request")
    method, target, version = (group.decode() for group in found.groups())
    return Request(method, target, version, tuple(_parse_header(line) for line in lines))


def _parse_header(line: bytes) -> tuple[str, str]:
    found = _HEADER.fullmatch(line)
    if not found:
        raise BadRequest(400, "a line of the head is no header")
    return found[1].decode(), found[2].decode("latin-1").rstrip(" \t")


def _chunked_reader(request: Request, codings: list[str], lengths: list[str]) -> ChunkedReader:
    if lengths or request.version == "1.0":
        raise BadRequest(400, "Transfer-Encoding is not allowed here")
    if codings != ["chunked"]:
        raise BadRequest(501, "the only transfer coding known here is chunked")
    return ChunkedReader(LARGEST_BODY)


def _content_length(lengths: list[str]) -> int:
    if not lengths:
        return 0
    if len(set(lengths)) > 1 or not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
        raise BadRequest(400, "Content-Length is not one number")
    length = int(lengths[0])
    if length > LARGEST_BODY:
        raise BadRequest(413, "the body is too large")
    return length
