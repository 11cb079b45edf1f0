"""A captured text, gathered piece by piece."""

import re

from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.markers import MAX_HEAD, Body, Capture, Marker, Reading
from mlx_relay.pipeline.tables import ends_of


class Gathering:
    """What came behind *marker*, which leads to *capture*.

    *is_sure* is set when the text is known to be what it looks like.
    """

    def __init__(self, marker: Marker, capture: Capture) -> None:
        self.marker = marker
        self.is_sure = False
        self._opening = "" if marker.keeps else marker.text
        self._pieces = [marker.text] if marker.keeps else []
        self._size = len(marker.text)
        self._use(capture)

    @property
    def capture(self) -> Capture:
        """What says how the text ends and what it means."""
        return self._capture

    @property
    def is_in_string(self) -> bool:
        """Whether text that comes now belongs to a string."""
        return self._tracker is not None and self._tracker.is_inside()

    @property
    def raw(self) -> str:
        """All of it, with the opening marker."""
        return self._opening + "".join(self._pieces)

    def find_end(self, text: str, position: int, *, final: bool) -> re.Match[str] | None:
        """Return the first marker, or piece of one, that may end the text before its limit."""
        end = position + self._room + self._table.longest
        if end < len(text):
            return self._table.search(text, position, final=True, end=end)
        return self._table.search(text, position, final=final)

    def turn(self, capture: Capture, closing: str) -> None:
        """What came so far and *closing* is the header of what *capture* gathers now."""
        self._pieces.append(closing)
        self._use(capture)

    def judge(self, text: str, position: int) -> bool | None:
        """Return whether this is a call, as far as what came and *text* from *position* say."""
        if self._capture.head is None:
            return True
        head = ("".join(self._pieces) + text[position : position + MAX_HEAD])[:MAX_HEAD]
        verdict = self._capture.head(head)
        return False if verdict is None and len(head) == MAX_HEAD else verdict

    def take(self, text: str) -> tuple[int, bool]:
        """Take *text* as far as it belongs here; return how far, and whether that was the end.

        What does not end, and is not taken to its last character, has become too long.
        """
        text = text[: self._room]
        end = self._tracker.feed(text) if self._tracker else None
        is_end = self._capture.ends_itself and end is not None
        if is_end:
            text = text[:end]
        self._size += len(text)
        self._pieces.append(text)
        return len(text), is_end

    def behind_marker(self) -> str:
        """Return what came, without the opening marker."""
        body = "".join(self._pieces)
        return body[len(self.marker.text) :] if self.marker.keeps else body

    def read(self, closing: str, tools: Tools) -> Reading:
        """Return what the text means, now that *closing* ended it."""
        try:
            return self._capture.read(Body("".join(self._pieces), closing, tools))
        except (ValueError, RecursionError):
            return None

    @property
    def _room(self) -> int:
        return max(0, self._capture.limit - self._size)

    def _use(self, capture: Capture) -> None:
        self._capture = capture
        self._table = ends_of(capture)
        self._tracker = capture.tracker() if capture.tracker else None
        if self._tracker and self.marker.keeps:
            self._tracker.feed(self.marker.text)
