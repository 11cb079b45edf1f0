"""Many slow streams at once: do all of them complete, and what does an open one hold?"""

import asyncio
from typing import Any, Final

from streams import Take, take_many
from targets import Target

import cassettes

SLOW_SECONDS: Final = 1.0
SLOW_TOKENS: Final = 12
LOOK_SECONDS: Final = 0.25
ARRIVALS_PER_SECOND: Final = 1000.0


async def many(target: Target, streams: int) -> dict[str, Any]:
    """Open *streams* slow streams; memory is the peak over what the process held before."""
    before = target.memory_bytes()
    peak = before
    cpu = target.cpu_seconds()
    spread = streams / ARRIVALS_PER_SECOND
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(
            take_many(target.port, streams, lambda n: target.request("slow", n), spread=spread)
        )
        while not taking.done():
            await asyncio.sleep(LOOK_SECONDS)
            peak = max(peak, target.memory_bytes())
    return {
        "lost": streams - sum(map(_is_whole, taking.result())),
        "kib_per_stream": (peak - before) / 1024 / streams,
        "cpu_us_per_token": (target.cpu_seconds() - cpu) / (streams * SLOW_TOKENS) * 1e6,
    }


def _is_whole(taken: Take) -> bool:
    try:
        return taken.text() == cassettes.text(SLOW_TOKENS)
    except ValueError:
        return False
