"""What a cassette holds: one recorded exchange, as values that check themselves.

Times are seconds since the request was fully sent, on a monotonic clock.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from fake_mlx.parts import Style, guess_style

HeaderName: TypeAlias = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")]
HeaderValue: TypeAlias = Annotated[str, Meta(pattern=r"^[\t\x20-\x7e\x80-\xff]*\Z")]
Headers: TypeAlias = tuple[tuple[HeaderName, HeaderValue], ...]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e9)]
Ending: TypeAlias = Literal["eof", "fin-without-terminator", "reset", "timeout", "client-closed"]
Framing: TypeAlias = Literal["close", "chunked", "content-length"]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of what stands in a cassette: unknown keys are refused."""


class Source(_Strict, frozen=True):
    """What was recorded: the server's name with its version, and its model where it is known."""

    server: str
    model: str = ""


class Request(_Strict, frozen=True):
    """What was asked: the body as ``json`` where it is JSON, else as ``text``, else as ``b64``."""

    method: Annotated[str, Meta(pattern=r"^[A-Z]+\Z")]
    path: Annotated[str, Meta(pattern=r"^[!-~]+\Z")]
    headers: Headers
    json: Any = UNSET
    text: str | UnsetType = UNSET
    b64: str | UnsetType = UNSET


class Match(_Strict, frozen=True):
    """Conditions: the dotted keys of the request *on* which it must agree, *ignore* left out."""

    on: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


class Response(_Strict, frozen=True):
    """The head of the answer; *status* None means that the server closed without a reply."""

    status: Annotated[int, Meta(ge=100, le=599)] | None
    headers: Headers
    http: Literal["1.0", "1.1"]
    framing: Framing
    reason: HeaderValue = ""


class Header(_Strict, frozen=True):
    """The first line of a cassette. *bytes* and *sha256* are those of the body."""

    cast: Literal[1]
    name: str
    recorded_at: Annotated[datetime, Meta(tz=True)]
    source: Source
    request: Request
    response: Response
    bytes: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    style: Style = Style()
    match: Match = Match()
    redacted: tuple[str, ...] = ()
    note: str = ""


class Head(_Strict, frozen=True):
    """When the response head arrived."""

    t: Seconds
    head: Literal[True]


class End(_Strict, frozen=True):
    """When and how the exchange ended, and which side ended it."""

    t: Seconds
    end: Ending
    by: Literal["upstream", "downstream"] = "upstream"


class TransferChunk(msgspec.Struct, frozen=True):
    """Body bytes that arrived as one: an HTTP chunk, or one read where there are none."""

    t: float
    data: bytes


class Cassette(msgspec.Struct, frozen=True):
    """One recorded exchange; *head* is None where no head came."""

    header: Header
    head: Head | None
    chunks: tuple[TransferChunk, ...]
    end: End

    @property
    def body(self) -> bytes:
        return b"".join(chunk.data for chunk in self.chunks)


def stamp(cassette: Cassette) -> Cassette:
    """Return *cassette* with the style, size and hash of the body that it holds."""
    body = cassette.body
    header = msgspec.structs.replace(
        cassette.header,
        style=guess_style(body),
        bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    return msgspec.structs.replace(cassette, header=header)
