"""How fast each format is read: bytes of answer per second, and the ratio to no parser at all.

    python loadtests/bench/parsers.py [FORMAT...]

The bar: cut per token, no format costs more than three times the stream without a parser.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from typing import Final

from mlx_relay.pipeline import Pipeline
from mlx_relay.pipeline.families import FAMILIES

SIZES: Final = (1, 8, 64)
BAR: Final = 3.0
ROUNDS: Final = 2

_SENTENCE: Final = (
    "The answer is a < b, so `x[0]` holds; see [the notes] for more (it isn't long).\n\n"
)
_TOKEN: Final = re.compile(r"\s?\S{1,5}|\s")
_ENDING: Final = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def dialogue(name: str, kilobytes: int) -> str:
    """Return so much text: thinking as the family marks it, then an answer."""
    family = FAMILIES[name]
    opening = next((marker.text for marker in family.text if marker.to == "thinking"), "")
    closing = next((marker.text for marker in family.thinking if marker.to == "text"), "")
    if name == "harmony":
        opening, closing = "<|channel|>analysis<|message|>", "<|end|>"
    half = _SENTENCE * (kilobytes * 512 // len(_SENTENCE) + 1)
    return f"{opening}{half}{closing}{half}"[: kilobytes * 1024]


def frames(pieces: list[str]) -> list[bytes]:
    """Return each piece as a server that names everything in each chunk sends it."""
    return [
        b'data: {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, '
        b'"model": "bench", "choices": [{"index": 0, "delta": {"role": "assistant", "content": '
        + json.dumps(piece).encode()
        + b"}}]}\n\n"
        for piece in pieces
    ]


def seconds(stream: list[bytes], name: str) -> tuple[float, float]:
    """Return the quickest of some runs with the parser *name*, and of as many without one."""
    runs = [(_run(stream, name), _run(stream, None)) for _ in range(ROUNDS)]
    return min(with_parser for with_parser, _ in runs), min(without for _, without in runs)


def _run(stream: list[bytes], parser: str | None) -> float:
    pipeline = Pipeline(reasoning_parser=parser, tool_parser=parser)
    begin = time.perf_counter()
    for data in stream:
        pipeline.feed(data, 0.0)
    pipeline.feed(_ENDING, 0.0)
    return time.perf_counter() - begin


def rows(names: list[str]) -> Iterator[tuple[str, str, int, float, float]]:
    """Yield format, cut, kilobytes, bytes per second and the ratio to no parser."""
    for name in names:
        for kilobytes in SIZES:
            text = dialogue(name, kilobytes)
            for cut, pieces in (("character", list(text)), ("token", _TOKEN.findall(text))):
                taken, without = seconds(frames(pieces), name)
                yield name, cut, kilobytes, len(text.encode()) / taken, taken / without


def write(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    """Write the table; return 1 if a format is over the bar."""
    worst = 0.0
    write(f"{'format':26}{'cut':>10}{'kB':>5}{'kB/s':>9}{'ratio':>7}")
    for name, cut, kilobytes, speed, ratio in rows(sys.argv[1:] or sorted(FAMILIES)):
        write(f"{name:26}{cut:>10}{kilobytes:>5}{speed / 1024:>9.0f}{ratio:>7.2f}")
        if cut == "token":
            worst = max(worst, ratio)
    write(f"worst ratio per token: {worst:.2f} (the bar is {BAR:.1f})")
    return int(worst > BAR)


if __name__ == "__main__":
    sys.exit(main())
