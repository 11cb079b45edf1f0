"""What a foreign recording says of one exchange in, a cassette out.

Such recordings know no moments: each message is a transfer chunk, one every 20 ms.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fake_mlx.cassette import blame
from fake_mlx.exchange import Cassette, stamp
from fake_mlx.importer import Asked, Closing, Opening, Read, assemble

PATH: Final = "/v1/chat/completions"
UNKNOWN_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MESSAGE_MS: Final = 20.0
_MESSAGE: Final = re.compile(rb".*?(?:\r\n\r\n|\n\n|\r\r)|.+", re.DOTALL)
_OF_THE_WIRE: Final = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
)
_STREAM: Final = (("Content-Type", "text/event-stream"),)


def cassette_of(
    name: str,
    where: str,
    body: bytes,
    *,
    asked: Asked | None = None,
    status: tuple[int, str] = (200, "OK"),
    headers: Sequence[tuple[str, str]] = _STREAM,
    recorded_at: datetime = UNKNOWN_DAY,
    kind: str,
) -> Cassette:
    """Return the cassette *name* of one exchange; raises CassetteError that names *where*."""
    pieces = _MESSAGE.findall(body)
    reads = [Read(_MESSAGE_MS * number, piece) for number, piece in enumerate(pieces, 1)]
    opening = Opening(
        kind="header",
        server="unknown",
        recorded_at=recorded_at if recorded_at.tzinfo else recorded_at.replace(tzinfo=UTC),
        request=asked or Asked("POST", PATH, {}),
        status_line=f"HTTP/1.1 {status[0]} {status[1]}",
        status=status[0],
        headers=[(key, value) for key, value in headers if key.lower() not in _OF_THE_WIRE],
        framing="close",
        head_ms=0.0,
        note=f"Imported from {kind}: the moments are made up.",
    )
    closing = Closing("end", _MESSAGE_MS * (len(reads) + 1), "eof", len(body))
    with blame(where, 1):
        return stamp(assemble(name, opening, reads, closing))


def numbered(name: str, number: int, count: int) -> str:
    """Return *name* for the only exchange of a file, else with its number from 1."""
    return name if count == 1 else f"{name}_{number:03}"


def json_body(text: str | None) -> dict[str, Any]:
    """Return the request body *text* as Asked takes it."""
    return {"body_b64": b64encode(text.encode()).decode()} if text else {}
