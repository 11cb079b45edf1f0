"""The names of a log in; a slot of it that is this process's alone out.

Several processes may share a log. Each writes a live file of its own, so nobody has to wait for
anybody, and a file is turned only by the one that writes it. The lock is the kernel's and ends
with the process, however it ends: whoever gets the lock of a slot knows that its last owner is
dead, and may end that owner's streams. It lies on a file that is never renamed or removed, as the
live file is.
"""

import fcntl
import os

from mlx_relay.sinks.log_names import SLOTS, LogNames

OPEN_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Slot:
    """A slot that is ours until ``release``."""

    def __init__(self, number: int, lock: int) -> None:
        self.number = number
        self._lock = lock

    def release(self) -> None:
        os.close(self._lock)


def take_free_slot(names: LogNames) -> Slot:
    """Return the first slot that no living process has; raises OSError."""
    for number in range(1, SLOTS + 1):
        if slot := take_slot(names, number):
            return slot
    raise BlockingIOError(f"{SLOTS} processes write this log already")


def take_slot(names: LogNames, number: int) -> Slot | None:
    """Return slot *number*, or None when a living process has it."""
    lock = os.open(names.lock(number), OPEN_FLAGS, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:
        os.close(lock)
        raise
    return Slot(number, lock)
