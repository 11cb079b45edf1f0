"""The bytes of one read in; the one event that they are, out, without asking any stage.

Nearly every read is one message with one piece of text, of the same kind as the one before, and
changes nothing in any stage. What it costs is calls; so it is known beforehand what would change a
stage, and a read without any of that takes this way.
"""

from mlx_relay.events import Response, Thinking
from mlx_relay.pipeline.plain import decode_plain
from mlx_relay.pipeline.sse import MAX_EVENT_BYTES
from mlx_relay.pipeline.voice import Voice


class ShortWay:
    """Open from one look at the stages to their next change.

    Pieces come in the field of a chunk for content or for reasoning (*in_field*), and leave as
    events of the kind *event*. *voice* says them.
    """

    __slots__ = ("_changes", "_event", "_in_field", "_undecided")

    def __init__(
        self, voice: Voice, event: type[Response] | type[Thinking], *, in_field: bool
    ) -> None:
        self._event = event
        self._in_field = in_field
        self._changes = voice.changes
        self._undecided = voice if voice.family.settles else None

    def take(self, data: bytes) -> Response | Thinking | None:
        """Return the event that *data* is; None, and nothing is taken, if it is not just one."""
        if (
            not data.startswith(b"data: ")
            or data.find(b"\n") != len(data) - 2
            or not data.endswith(b"\n")
            or b"\r" in data
            or len(data) > MAX_EVENT_BYTES
        ):
            return None
        try:
            delta = decode_plain(data[6:-2]).choices[0].delta
        except (ValueError, RecursionError):
            return None
        text, other = delta.content, delta.reasoning_content or delta.reasoning
        if self._in_field:
            text, other = other, text
        if other or not text or self._changes.search(text):
            return None
        if self._undecided and not self._undecided.may_pass(len(text)):
            return None
        return self._event(text)
