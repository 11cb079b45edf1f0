"""When a server counts as dead, and when it is tried again."""

import pytest

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile, Reachability
from mlx_relay.upstream.breaker import (
    FAILURES_TO_OPEN,
    FIRST_RETRY_SECONDS,
    LAST_RETRY_SECONDS,
    Breaker,
    Breakers,
)
from support.values import Clock

PROFILE = Profile(id=2, name="p", host="127.0.0.1", port=1, model_path="m")


def lets_through(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except StreamError:
        return False
    return True


def dead(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        assert lets_through(breaker)
        breaker.failed("refused")
    assert not lets_through(breaker)
    return breaker


def test_nobody_but_the_one_who_tries_gets_through_to_a_dead_server() -> None:
    with pytest.raises(StreamError) as raised:
        dead(Clock()).check()
    assert (raised.value.code, raised.value.cause) == ("upstream_unreachable", "breaker_open")


def test_one_failure_less_than_many_leaves_it_shut() -> None:
    breaker = Breaker(Clock())
    for _ in range(10):
        for _ in range(FAILURES_TO_OPEN - 1):
            breaker.failed("refused")
        assert lets_through(breaker)
        breaker.succeeded()


def test_at_the_moment_one_gets_through_and_the_others_wait_for_the_next() -> None:
    clock = Clock()
    breaker = dead(clock)
    clock.now += FIRST_RETRY_SECONDS
    assert [lets_through(breaker) for _ in range(3)] == [True, False, False]
    clock.now += FIRST_RETRY_SECONDS * 2
    assert [lets_through(breaker) for _ in range(2)] == [True, False]


def test_moments_grow_apart_up_to_a_bound() -> None:
    clock = Clock()
    breaker = dead(clock)
    for _ in range(10):
        clock.now += LAST_RETRY_SECONDS
        assert lets_through(breaker)
        breaker.failed("refused")
        assert not lets_through(breaker)


def test_failures_that_come_together_count_as_one_reason_to_wait() -> None:
    clock = Clock()
    breaker = dead(clock)
    for _ in range(20):
        breaker.failed("refused")
    clock.now += FIRST_RETRY_SECONDS
    assert lets_through(breaker)


def test_an_answer_forgets_it_all() -> None:
    clock = Clock()
    breaker = dead(clock)
    breaker.succeeded()
    assert breaker.reachability == Reachability("up")
    assert lets_through(breaker)
    breaker.failed("refused")
    assert lets_through(breaker)


def test_a_connection_lets_others_in_while_the_answer_takes_its_time() -> None:
    clock = Clock()
    breaker = dead(clock)
    clock.now += FIRST_RETRY_SECONDS
    assert lets_through(breaker)
    breaker.connected()
    assert lets_through(breaker)
    breaker.failed("closed")
    assert not lets_through(breaker)


def test_an_address_that_is_denied_bothers_nobody_and_says_so_every_time() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES_TO_OPEN * 2):
        assert lets_through(breaker)
        breaker.failed("address_denied")
    assert breaker.reachability == Reachability("down", "address_denied")


def test_it_says_what_is_wrong_and_when_it_is_tried_again() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    assert breaker.reachability == Reachability("unknown")
    breaker.failed("dns")
    assert breaker.reachability == Reachability("down", "dns")
    shown = dead(clock).reachability
    assert (shown.status, shown.cause) == ("down", "refused")
    assert shown.retry_at is not None
    assert shown.retry_at.utcoffset() is not None


def test_profiles_have_one_each_and_a_server_that_moved_has_a_new_one() -> None:
    breakers = Breakers(Clock())
    first = breakers.of(PROFILE)
    first.failed("refused")
    assert breakers.of(PROFILE) is first
    assert breakers.reachability(2).status == "down"
    assert breakers.reachability(3).status == "unknown"
    moved = Profile(id=2, name="p", host="127.0.0.1", port=2, model_path="m")
    assert breakers.of(moved) is not first
    assert breakers.reachability(2).status == "unknown"
