"""Who is let in, who waits in which place, and who is refused."""

import asyncio
from functools import partial

import msgspec
import pytest

from mlx_relay.admission import Admission, Limits, Turn
from mlx_relay.errors import RateLimited, Unavailable
from mlx_relay.places import OwnPlaces
from mlx_relay.profiles import Profile

OPEN = Profile(id=2, name="p", host="127.0.0.1", port=1, model_path="m")
NARROW = msgspec.structs.replace(OPEN, max_streams=1)
ADA, BOB, EVE = 1, 2, 3


class Door:
    """An admission, and the streams that came in through it."""

    def __init__(self, limits: Limits | None = None, profile: Profile = NARROW) -> None:
        self.places = OwnPlaces()
        self.admission = Admission(limits or Limits(), self.places)
        self.profile = profile

    def stream(self, user_id: int) -> "Stream":
        return Stream(self.admission, user_id, self.profile)


class Stream:
    """One stream, from the request until it leaves."""

    def __init__(self, admission: Admission, user_id: int, profile: Profile) -> None:
        self.turn = Turn()
        line = admission.line(profile)
        admission.enter(user_id, line, self.turn)
        self.leave = partial(admission.leave, user_id, line, self.turn)

    @property
    def position(self) -> int:
        return self.turn.position


def positions(*streams: Stream) -> list[int]:
    return [stream.position for stream in streams]


def test_a_place_is_held_while_the_stream_runs_and_given_back() -> None:
    door = Door(Limits(max_streams=2, max_streams_per_user=1), OPEN)
    ada = door.stream(ADA)
    with pytest.raises(RateLimited) as refused:
        door.stream(ADA)
    assert refused.value.retry_after > 0
    door.stream(BOB)
    with pytest.raises(Unavailable):
        door.stream(EVE)
    ada.leave()
    assert door.stream(ADA).position == 0


def test_a_profile_without_a_limit_has_no_queue() -> None:
    door = Door(profile=OPEN)
    assert positions(*[door.stream(ADA) for _ in range(50)]) == [0] * 50


def test_what_a_profile_cannot_run_waits_and_moves_up() -> None:
    door = Door()
    first, second, third = (door.stream(ADA) for _ in range(3))
    assert positions(first, second, third) == [0, 1, 2]
    first.leave()
    assert positions(second, third) == [0, 1]
    second.leave()
    assert positions(third) == [0]


def test_users_take_turns_whoever_came_first() -> None:
    door = Door()
    running = door.stream(ADA)
    flood = [door.stream(ADA) for _ in range(3)]
    bob = door.stream(BOB)
    assert positions(*flood, bob) == [1, 3, 4, 2]
    running.leave()
    flood[0].leave()
    assert positions(bob, *flood[1:]) == [0, 1, 2]


def test_who_leaves_the_queue_frees_the_place_at_once() -> None:
    door = Door()
    running, second, third = (door.stream(ADA) for _ in range(3))
    second.leave()
    assert positions(running, third) == [0, 1]
    running.leave()
    assert positions(third) == [0]
    third.leave()
    assert positions(door.stream(ADA)) == [0]


def test_a_queue_that_is_full_refuses_and_leaves_those_in_it_alone() -> None:
    door = Door(Limits(max_queued=2))
    streams = [door.stream(user) for user in (ADA, BOB, EVE)]
    with pytest.raises(Unavailable, match="wait for this model"):
        door.stream(ADA)
    assert positions(*streams) == [0, 1, 2]
    streams[1].leave()
    assert door.stream(ADA).position == 2


def test_one_user_cannot_fill_the_queue() -> None:
    door = Door(Limits(max_queued=4, max_queued_per_user=2))
    streams = [door.stream(ADA) for _ in range(3)]
    with pytest.raises(RateLimited, match="waiting"):
        door.stream(ADA)
    assert door.stream(BOB).position == 2
    assert positions(*streams) == [0, 1, 3]


def test_who_is_refused_in_the_queue_holds_no_place_of_the_others() -> None:
    door = Door(Limits(max_streams=3, max_streams_per_user=3, max_queued=1))
    door.stream(ADA)
    door.stream(ADA)
    for _ in range(5):
        with pytest.raises(Unavailable, match="wait for this model"):
            door.stream(ADA)
    assert Stream(door.admission, ADA, msgspec.structs.replace(OPEN, id=3)).position == 0


def test_a_limit_that_was_raised_lets_in_who_waits() -> None:
    door = Door()
    _running, waiting = door.stream(ADA), door.stream(ADA)
    door.profile = msgspec.structs.replace(NARROW, max_streams=3)
    assert positions(door.stream(BOB), waiting) == [0, 0]


def test_profiles_do_not_wait_for_each_other() -> None:
    door = Door()
    door.stream(ADA)
    door.profile = msgspec.structs.replace(NARROW, id=3)
    assert door.stream(ADA).position == 0


def two_processes(limits: Limits | None = None) -> tuple[Door, Door]:
    """Return the doors of two processes that count together."""
    here, there = Door(limits), Door()
    there.admission = Admission(limits or Limits(), here.places)
    return here, there


def test_a_place_that_another_process_frees_goes_to_who_waits() -> None:
    here, there = two_processes()
    running, waiting = here.stream(ADA), there.stream(BOB)
    there.admission.advance()
    assert waiting.position == 1
    running.leave()
    there.admission.advance()
    assert waiting.position == 0


def test_who_waits_in_another_process_is_not_passed_by() -> None:
    here, there = two_processes()
    running, waiting = here.stream(ADA), there.stream(BOB)
    running.leave()
    assert here.stream(ADA).position == 1
    there.admission.advance()
    assert waiting.position == 0


def test_a_busy_process_leaves_places_to_those_who_wait_in_another() -> None:
    here, there = two_processes()
    running, next_one = here.stream(ADA), here.stream(ADA)
    waiting = there.stream(BOB)
    running.leave()
    assert positions(next_one, waiting) == [1, 1]
    there.admission.advance()
    assert positions(next_one, waiting) == [1, 0]
    waiting.leave()
    here.admission.advance()
    assert next_one.position == 0


def test_the_queues_of_all_processes_are_as_long_as_one() -> None:
    here, there = two_processes(Limits(max_queued=2))
    streams = [here.stream(ADA), here.stream(ADA), there.stream(BOB)]
    for door in (here, there):
        with pytest.raises(Unavailable, match="wait for this model"):
            door.stream(EVE)
    streams[1].leave()
    assert there.stream(EVE).position == 2


async def test_what_is_admitted_holds_its_place_as_long_as_the_block() -> None:
    admission = Admission(Limits(max_streams=1))
    async with admission.admit(ADA, OPEN) as turn:
        assert turn.position == 0
        with pytest.raises(Unavailable):
            async with admission.admit(ADA, OPEN):
                pass
    async with admission.admit(BOB, OPEN):
        pass


def test_what_was_let_in_elsewhere_counts_and_what_waited_elsewhere_may_wait_here() -> None:
    door = Door(Limits(max_streams=3))
    line = door.admission.line(NARROW)
    door.admission.count(ADA)
    line.run()
    moved = Turn()
    moved.move(7)
    door.admission.count(BOB)
    line.queue(BOB, moved)
    door.admission.advance()
    assert moved.position == 1
    assert door.stream(EVE).position == 2
    with pytest.raises(Unavailable):
        door.stream(EVE)
    line.unqueue(BOB, moved)
    door.admission.uncount(BOB)
    assert door.stream(EVE).position == 2


async def test_a_turn_tells_its_place_now_and_whenever_it_changes() -> None:
    door = Door()
    running, second, third = (door.stream(ADA) for _ in range(3))
    told: list[int] = []
    leaving = [second, running]
    async with asyncio.timeout(10):
        async for position in third.turn.positions():
            told.append(position)
            asyncio.get_running_loop().call_soon(leaving.pop(0).leave)
    assert told == [2, 1]


async def test_a_turn_that_has_come_tells_nothing() -> None:
    assert [position async for position in Door().stream(ADA).turn.positions()] == []
