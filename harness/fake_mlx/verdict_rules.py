"""One request on both sides of a proxy in; what is wrong with its answer out, "" for nothing."""

from typing import Final
from zlib import crc32

from fake_mlx.client_record import ClientRequest
from fake_mlx.replay import UNKNOWN
from fake_mlx.sse_text import messages, parsed
from fake_mlx.verdict_pairs import Upstream
from fake_mlx.verdict_text import changed

_LOSING_FAULTS: Final = ("rst", "reset")
_TERMINAL: Final = frozenset({"done", "error"})


def delivery(request: ClientRequest, entry: Upstream) -> str:
    """Say which byte that the fake sent did not arrive as it was."""
    body, start = request.body, 0
    for size, checksum in zip(entry.sent_sizes, entry.sent_checksums, strict=True):
        if start + size > len(body):
            break
        if checksum not in (UNKNOWN, crc32(body[start : start + size])):
            return f"bytes {start} to {start + size} are not those that were sent"
        start += size
    if len(body) > entry.bytes:
        return f"{len(body)} bytes arrived, {entry.bytes} were sent"
    if len(body) < entry.bytes and not _may_be_short(request, entry):
        return f"{len(body)} of {entry.bytes} bytes arrived"
    return ""


def wording(request: ClientRequest, entry: Upstream, sent: bytes) -> str:
    """Say which text differs from that of the body *sent*, as far as that is known.

    An answer that ends with an error, or without its end, may lack text but not change it.
    """
    kinds = _kinds([data for _, data in messages(request.body)])
    return changed(
        sent,
        request.body,
        may_end_early="done" not in kinds,
        more_was_sent=len(sent) < entry.bytes,
    )


def ending(request: ClientRequest) -> str:
    """Say how the answer breaks the rule that one terminal event ends it and nothing follows."""
    kinds = _kinds([data for _, data in messages(request.body)])
    ends = [kind for kind in kinds if kind in _TERMINAL]
    if len(ends) > 1 or (not ends and request.left is None):
        return f"{len(ends)} terminal events"
    return "events after the terminal one" if ends and kinds[-1] not in _TERMINAL else ""


def _kinds(events: list[str]) -> list[str]:
    """Return the types of *events*; of those that have none, whether each is the end."""
    kinds = [kind for data in events if (kind := parsed(data).get("type"))]
    return kinds or ["done" if data == "[DONE]" else "chunk" for data in events]


def _may_be_short(request: ClientRequest, entry: Upstream) -> bool:
    # A TCP reset takes with it what was not read yet: that is no fault of the proxy.
    return request.left is not None or any(
        fault.startswith(_LOSING_FAULTS) for fault in entry.faults
    )
