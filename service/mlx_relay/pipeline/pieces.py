"""The bytes of one read in; the one piece of text that they are, out.

In the chunks of a stream nearly always the same surrounds the text: the same id, the same model.
So it is learnt from one chunk, and of those that follow nothing but the text is read.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.deltas import ReasoningDelta, TextDelta
from mlx_relay.pipeline.plain import read_plain

MAX_LESSONS: Final = 8
"""So often what surrounds the text may be other than it was, before each chunk is read whole."""

WORTH_READS: Final = 4
"""What served for so many reads was worth learning."""

_PROBE: Final = "\n"

_decode_text = msgspec.json.Decoder(str).decode


class Pieces:
    """Reads pieces of one stream, from the field for content or from that for reasoning."""

    __slots__ = ("_front", "_kind", "_lessons", "_rear", "_served", "_start", "_stop")

    def __init__(self, *, in_field: bool) -> None:
        self._kind = ReasoningDelta if in_field else TextDelta
        self._lessons = MAX_LESSONS
        self._served = 0
        self._surround(b"", b"")

    def read(self, data: bytes) -> str:
        """Return the text, "" if *data* is more, less or other than one plain message with it."""
        try:
            if self._start and data.startswith(self._front) and data.endswith(self._rear):
                self._served += 1
                return _decode_text(data[self._start : self._stop])
        except ValueError:
            return ""
        return self._read_whole(data)

    def _read_whole(self, data: bytes) -> str:
        line, _, rest = data.partition(b"\n")
        if rest != b"\n" or not line.startswith(b"data: ") or b"\r" in line:
            return ""
        text = self._text_of(line[6:])
        if text and self._take_lesson():
            self._learn(data, text)
        return text

    def _text_of(self, chunk: bytes) -> str:
        delta = read_plain(chunk)
        return delta.text if isinstance(delta, self._kind) else ""

    def _take_lesson(self) -> bool:
        """Return whether one is left: a server whose chunks all differ teaches nothing."""
        if self._served >= WORTH_READS:
            self._lessons = MAX_LESSONS
        self._served = 0
        if not self._lessons:
            return False
        self._lessons -= 1
        return True

    def _learn(self, data: bytes, text: str) -> None:
        """Note what surrounds *text*, if another text could stand in just this place."""
        front, _, rear = data.partition(msgspec.json.encode(text))
        if rear and self._text_of(front[6:] + msgspec.json.encode(_PROBE) + rear) == _PROBE:
            self._surround(front, rear)

    def _surround(self, front: bytes, rear: bytes) -> None:
        self._front, self._rear = front, rear
        self._start, self._stop = len(front), -len(rear)
