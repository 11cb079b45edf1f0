"""Bytes in HTTP chunked framing in, the data of whole chunks out; and the framing of a chunk."""

import re
from typing import Final

TERMINATOR: Final = b"0\r\n\r\n"

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\xff]*)?\Z")
_LONGEST_LINE: Final = 8192


class BadChunk(ValueError):
    """Bytes that are no chunked framing."""


def frame(data: bytes) -> bytes:
    """Return *data* as one HTTP chunk; it must not be empty, which would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class ChunkedReader:
    """Takes the framing off a chunked body of at most *limit* bytes.

    ``finished`` turns true with the last chunk and its trailers.
    """

    def __init__(self, limit: int) -> None:
        self.finished = False
        self._left = limit
        self._held = bytearray()
        self._size: int | None = None  # of the chunk whose size line was read; 0: trailers

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of the chunks that are whole now; raises BadChunk."""
        self._held += data
        chunks = []
        while not self.finished:
            if self._size:
                chunk = self._whole_chunk()
                if chunk is None:
                    break
                chunks.append(chunk)
            else:
                line = self._line()
                if line is None:
                    break
                self._take(line)
        return chunks

    def leftover(self) -> bytes:
        """Return what follows the body; of an unfinished body, the part of its last chunk."""
        if self.finished:
            return bytes(self._held)
        return bytes(self._held[: self._size or 0])

    def _whole_chunk(self) -> bytes | None:
        size = self._size or 0
        if len(self._held) < size + 2:
            return None
        if self._held[size : size + 2] != b"\r\n":
            raise BadChunk("a chunk is longer than its size")
        data = bytes(self._held[:size])
        del self._held[: size + 2]
        self._size = None
        return data

    def _line(self) -> bytes | None:
        end = self._held.find(b"\r\n", 0, _LONGEST_LINE)
        if end < 0:
            if len(self._held) >= _LONGEST_LINE:
                raise BadChunk("a line of the chunked framing is too long")
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        return line

    def _take(self, line: bytes) -> None:
        if self._size == 0:
            self.finished = line == b""
            return
        found = _SIZE.match(line)
        if not found:
            raise BadChunk("the size of a chunk is not a number")
        self._size = int(found[1], 16)
        self._left -= self._size
        if self._left < 0:
            raise BadChunk("the body is too large")
