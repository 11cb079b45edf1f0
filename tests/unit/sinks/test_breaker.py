"""When a sink is cut out of the process, and when it is tried again."""

from itertools import pairwise

from mlx_relay.sinks.breaker import Breaker
from mlx_relay.sinks.health import SinkHealth


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now


def breaker() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker("own", SinkHealth(), clock.read), clock


def test_a_sink_that_failed_is_tried_once_a_second_later() -> None:
    own, clock = breaker()
    assert own.admits()
    own.failed("RuntimeError")
    assert not own.admits()
    clock.now += 1
    assert [own.admits(), own.admits()] == [True, False]


def test_trials_become_rarer_up_to_one_a_minute() -> None:
    own, clock = breaker()
    own.failed("RuntimeError")
    moments = []
    while clock.now < 100 + 600:
        if own.admits():
            moments.append(clock.now - 100)
        clock.now += 0.5
    gaps = [after - before for before, after in pairwise(moments)]
    assert moments[0] == 1
    assert gaps[:6] == [2, 4, 8, 16, 32, 60]
    assert set(gaps[6:]) == {60}


def test_a_sink_that_recovered_is_let_in_and_fails_anew_from_one_second() -> None:
    own, clock = breaker()
    own.failed("RuntimeError")
    clock.now += 1
    assert own.admits()
    own.recovered()
    assert own.health.degraded() == {}
    assert [own.admits(), own.admits()] == [True, True]
    own.failed("RuntimeError")
    clock.now += 1
    assert own.admits()
