"""A task in; CancelledError out if it was cancelled and yet goes on.

redis-py may swallow a cancellation that comes while it connects, so loops around it look here.
"""

import asyncio


def raise_if_cancelled() -> None:
    """Raise CancelledError if this task was told to end and is still here."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
