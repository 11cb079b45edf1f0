"""A condition that no event tells of; waits for it, in bounds."""

import asyncio
from collections.abc import Callable

PATIENCE_SECONDS = 30.0


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until *condition* holds; raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - sockets change without telling anybody
            await asyncio.sleep(0)
