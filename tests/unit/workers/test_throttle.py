"""A guesser gets no more tries because several workers answer."""

from pathlib import Path

import pytest

from mlx_relay.auth.throttle import PAIR
from mlx_relay.errors import RateLimited
from mlx_relay.workers.throttle import SharedThrottle


@pytest.fixture
def workers(tmp_path: Path) -> list[SharedThrottle]:
    (tmp_path / "throttle").touch()
    return [SharedThrottle(tmp_path / "throttle") for _ in range(2)]


def test_failures_at_all_workers_count(workers: list[SharedThrottle]) -> None:
    for number in range(PAIR.tries):
        workers[number % 2].check("ada", "192.0.2.1", number)
        workers[number % 2].failed("ada", "192.0.2.1", number)
    for worker in workers:
        with pytest.raises(RateLimited):
            worker.check("ada", "192.0.2.1", PAIR.tries)
        worker.check("bob", "192.0.2.2", PAIR.tries)


def test_a_success_at_one_worker_forgives_the_pair_at_the_other(
    workers: list[SharedThrottle],
) -> None:
    for now in range(PAIR.tries):
        workers[0].failed("ada", "192.0.2.1", now)
    workers[1].succeeded("ada", "192.0.2.1")
    workers[0].check("ada", "192.0.2.1", PAIR.tries)


def test_a_file_torn_by_a_worker_that_died_is_begun_anew(
    tmp_path: Path, workers: list[SharedThrottle]
) -> None:
    workers[0].failed("ada", "192.0.2.1", 1.0)
    file = tmp_path / "throttle"
    file.write_bytes(file.read_bytes()[:-3])
    workers[1].check("ada", "192.0.2.1", 2.0)
    workers[1].failed("ada", "192.0.2.1", 2.0)
    workers[0].check("ada", "192.0.2.1", 3.0)
