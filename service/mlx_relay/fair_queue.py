"""Items of several users in; one at a time out, the users by turns. Pure."""

from collections import deque
from collections.abc import Iterator
from itertools import zip_longest
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class FairQueue(Generic[_Item]):
    """First come, first served among the items of a user; among users, one after the other.

    Who has ten items waits for one of everybody else's before each of them.
    """

    def __init__(self) -> None:
        self._lines: dict[int, deque[_Item]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def __iter__(self) -> Iterator[_Item]:
        """Go through the items as they would come out."""
        for one_of_each in zip_longest(*self._lines.values()):
            yield from (item for item in one_of_each if item is not None)

    def count(self, user_id: int) -> int:
        return len(self._lines.get(user_id, ()))

    def add(self, user_id: int, item: _Item) -> None:
        self._lines.setdefault(user_id, deque()).append(item)

    def pop(self) -> _Item:
        """Take out the next item; raises StopIteration when there is none."""
        user_id = next(iter(self._lines))
        line = self._lines.pop(user_id)
        item = line.popleft()
        if line:
            self._lines[user_id] = line
        return item

    def remove(self, user_id: int, item: _Item) -> None:
        """Take out *item*, wherever it stands."""
        line = self._lines[user_id]
        line.remove(item)
        if not line:
            del self._lines[user_id]
