from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.fair_queue import FairQueue

USERS = st.integers(1, 4)


def queue_of(text: str) -> FairQueue[str]:
    """Return a queue of items like ``a1``, added in this order; the letter is the user."""
    queue = FairQueue[str]()
    for item in text.split():
        queue.add(ord(item[0]), item)
    return queue


def drained(queue: FairQueue[str]) -> str:
    return " ".join(queue.pop() for _ in range(len(queue)))


def test_users_take_turns_and_a_users_own_come_in_their_order() -> None:
    assert drained(queue_of("a1 a2 a3 a4 b1 b2 c1")) == "a1 b1 c1 a2 b2 a3 a4"


def test_who_comes_late_waits_for_one_of_everybody_not_for_all_of_one() -> None:
    queue = queue_of("a1 a2 a3")
    assert queue.pop() == "a1"
    queue.add(ord("b"), "b1")
    assert drained(queue) == "a2 b1 a3"


def test_what_left_is_passed_over() -> None:
    queue = queue_of("a1 a2 b1")
    queue.remove(ord("a"), "a1")
    assert (len(queue), queue.count(ord("a")), queue.count(ord("b"))) == (2, 1, 1)
    queue.remove(ord("b"), "b1")
    assert queue.count(ord("b")) == 0
    assert drained(queue) == "a2"


@given(st.lists(USERS), st.lists(st.booleans()))
def test_to_go_through_it_is_to_take_everything_out(users: list[int], pops: list[bool]) -> None:
    queue = FairQueue[tuple[int, int]]()
    for number, user in enumerate(users):
        queue.add(user, (user, number))
    for pop in pops:
        if pop and queue:
            queue.pop()
    expected = list(queue)
    assert [queue.pop() for _ in range(len(queue))] == expected


@given(st.lists(USERS, min_size=1))
def test_nobody_is_served_twice_before_somebody_who_waits(users: list[int]) -> None:
    queue = FairQueue[int]()
    for user in users:
        queue.add(user, user)
    served = [queue.pop() for _ in users]
    for start, user in enumerate(served):
        again = next((i for i in range(start + 1, len(served)) if served[i] == user), None)
        if again is not None:
            assert set(served[again:]) <= set(served[start:again])
