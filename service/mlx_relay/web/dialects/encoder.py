"""What a dialect makes of a stream: events in; its bytes, its answers and its errors out."""

from collections.abc import Sequence
from typing import Protocol

from mlx_relay.events import Event


class Encoder(Protocol):
    """Says one stream in the words of a dialect; pure."""

    def encode(self, event: Event) -> bytes:
        """Return whole SSE messages or comments; b"" where the dialect has no word for *event*."""

    def whole(self, events: Sequence[Event]) -> object:
        """Return the JSON answer to a request that wanted no stream; *events* are all of it."""

    def describe_error(self, status: int, code: str, message: str) -> tuple[int, object]:
        """Return the HTTP status and the JSON body of a failure before the first byte."""
