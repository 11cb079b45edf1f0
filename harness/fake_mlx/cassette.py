"""The bytes of a cassette file in, one recorded exchange out, and back: ``NAME.cast.jsonl``.

UTF-8, one JSON object a line: a header (request, response head, style, size and hash of the body),
the moment of the response head, one line per transfer chunk as it arrived, and how it ended.
Everything is checked; only the body may hold any bytes.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final, TypeVar

import msgspec

from fake_mlx.exchange import Cassette, End, Head, Header, Seconds, TransferChunk
from fake_mlx.parts import Style, join_parts, split_parts

VERSION: Final = 1

Record = dict[str, Any]
T = TypeVar("T")


class CassetteError(Exception):
    """What is wrong with a cassette or a recording: *where* (a file), *line*, and why."""

    def __init__(self, where: str, line: int, reason: str) -> None:
        super().__init__(f"{where}:{line}: {reason}")
        self.where = where
        self.line = line
        self.reason = reason


def dumps(cassette: Cassette) -> bytes:
    """Return the file of *cassette*."""
    return b"".join(_line(record) for record in _records(cassette))


def loads(data: bytes, where: str, *, verify: bool = True) -> Cassette:
    """Return the cassette in *data*; raises CassetteError, where *where* names the file.

    Without *verify* the body need not have the size and the hash that the header says: for
    stamping anew what was edited by hand.
    """
    first, *others = read_records(data, where)
    with blame(where, 1):
        header = _header(first)
    with blame(where, len(others) + 1):
        end = _end(others)
    head, chunks = _timed(others[:-1], header.style, where)
    cassette = Cassette(header, head, chunks, end)
    _check_order(cassette, where)
    if verify:
        with blame(where, 1):
            _check_stamp(cassette)
    return cassette


def read_records(data: bytes, where: str) -> list[Record]:
    """Return the JSON object of every line of *data*, at least one; raises CassetteError."""
    *lines, rest = data.split(b"\n")
    if rest or not lines:
        raise CassetteError(where, len(lines) + 1, "the file is cut off: no end of line")
    records = []
    for number, line in enumerate(lines, 1):
        with blame(where, number):
            records.append(_record(line))
    return records


@contextmanager
def blame(where: str, line: int) -> Iterator[None]:
    """Turn what is wrong with a value into a CassetteError that names *where* and *line*."""
    try:
        yield
    except json.JSONDecodeError as error:
        reason = f"not JSON: {error.msg} at column {error.colno}"
        raise CassetteError(where, line, reason) from error
    except RecursionError as error:
        raise CassetteError(where, line, "nested too deeply") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise CassetteError(where, line, str(error)) from error


def convert(record: Record, kind: type[T]) -> T:
    """Return *record* as a *kind*; raises msgspec.ValidationError."""
    return msgspec.convert(record, kind)


def _records(cassette: Cassette) -> Iterator[Record]:
    yield msgspec.to_builtins(cassette.header)
    if cassette.head:
        yield msgspec.to_builtins(cassette.head)
    for chunk in cassette.chunks:
        parts = split_parts(chunk.data, cassette.header.style)
        yield {"t": chunk.t} | (parts[0] if len(parts) == 1 else {"p": parts})
    yield msgspec.to_builtins(cassette.end)


def _line(record: Record) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    if not text.isprintable():  # line separators, lone surrogates, what an editor may change
        text = json.dumps(record, separators=(",", ":"))
    return text.encode() + b"\n"


def _record(line: bytes) -> Record:
    record = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    if not isinstance(record, dict):
        raise ValueError("a line is one JSON object")  # noqa: TRY004 - bad data, no bad call
    return record


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return record


def _header(record: Record) -> Header:
    version = record.get("cast")
    if version != VERSION:
        raise ValueError(f"this reads cassettes of version {VERSION}, not {version!r}")
    return convert(record, Header)


def _end(records: list[Record]) -> End:
    if not records or "end" not in records[-1]:
        raise ValueError("the file is cut off: it does not say how the exchange ended")
    return convert(records[-1], End)


def _timed(
    records: list[Record], style: Style, where: str
) -> tuple[Head | None, tuple[TransferChunk, ...]]:
    head = None
    chunks = []
    for number, record in enumerate(records, 2):
        with blame(where, number):
            if number == 2 and "head" in record:
                head = convert(record, Head)
            else:
                chunks.append(_chunk(record, style))
    return head, tuple(chunks)


def _chunk(record: Record, style: Style) -> TransferChunk:
    match record:
        case {"t": float() | int() as at, "p": list() as parts, **others} if not others:
            data = join_parts(parts, style)
        case {"t": float() | int() as at, **part}:
            data = join_parts([part], style)
        case _:
            raise ValueError('a chunk has a time "t"')
    if not data:
        raise ValueError("a transfer chunk is never empty")
    return TransferChunk(msgspec.convert(at, Seconds), data)


def _check_order(cassette: Cassette, where: str) -> None:
    status = cassette.header.response.status
    if status is None and (cassette.head or cassette.chunks):
        raise CassetteError(where, 1, "a reply without a status has no head and no body")
    if status is not None and cassette.head is None:
        raise CassetteError(where, 2, "the response head has no time")
    times = [cassette.head.t] if cassette.head else []
    times += [chunk.t for chunk in cassette.chunks] + [cassette.end.t]
    for number, (before, after) in enumerate(pairwise(times), 3):
        if after < before:
            raise CassetteError(where, number, "time runs backwards")


def _check_stamp(cassette: Cassette) -> None:
    header, body = cassette.header, cassette.body
    if len(body) != header.bytes:
        raise ValueError(f"the body has {len(body)} bytes, the header says {header.bytes}")
    digest = hashlib.sha256(body).hexdigest()
    if digest != header.sha256:
        raise ValueError(f"the body has the hash {digest}, the header says {header.sha256}")
