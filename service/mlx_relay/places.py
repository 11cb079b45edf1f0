"""Who holds how many places: a key and its limit in; whether a place was free, out.

``Admission`` counts through ``Places`` alone, so that several processes can count together.
"""

from collections import Counter
from typing import Literal, Protocol, TypeAlias

Key: TypeAlias = tuple[Literal["all", "user", "profile", "queued"], int]
"""What is counted, and the id of the user or of the profile. ``queued`` are a profile's too."""


class Places(Protocol):
    """Counts the places that streams hold."""

    def take(self, key: Key, limit: int) -> bool:
        """Take a place unless *limit* of them are taken; 0 means no limit."""

    def give_back(self, key: Key) -> None:
        """Free a place that was taken."""


class OwnPlaces:
    """The places of one process."""

    def __init__(self) -> None:
        self._taken: Counter[Key] = Counter()

    def take(self, key: Key, limit: int) -> bool:
        if 0 < limit <= self._taken[key]:
            return False
        self._taken[key] += 1
        return True

    def give_back(self, key: Key) -> None:
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]
