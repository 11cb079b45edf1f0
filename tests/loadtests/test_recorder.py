"""What workers take adds up at the master, slot by slot, and nothing is sent twice."""

import json
import time

from load.recorder import MOST_PROBLEMS, Recorder


def test_what_happened_lies_in_the_slot_of_its_moment() -> None:
    recorder = Recorder(slot_seconds=2.0)
    now = time.monotonic()
    recorder.note("gap", 10, now + 0.5)
    recorder.note("gap", 20, now + 3.0)
    assert recorder.histogram("gap", range(1)).quantile(1.0) == 10
    assert recorder.histogram("gap", range(1, 2)).quantile(1.0) == 20
    assert recorder.histogram("gap").count == 2


def test_a_workers_reports_add_up_to_what_it_saw() -> None:
    worker, master, now = Recorder(1.0), Recorder(1.0), time.monotonic()
    for micros in (1, 2):
        worker.note("gap", micros, now)
        worker.count("started", now)
        worker.problem(f"problem {micros}")
        master.merge(json.loads(json.dumps(worker.take())))
    assert master.histogram("gap").count == 2
    assert master.total("started") == 2
    assert master.problems == ["problem 1", "problem 2"]


def test_streams_are_open_until_they_end() -> None:
    recorder, now = Recorder(1.0), time.monotonic()
    recorder.count("started", now)
    recorder.count("started", now)
    recorder.count("ended", now)
    assert recorder.open_streams() == 1


def test_the_run_is_as_long_as_its_last_count() -> None:
    recorder, now = Recorder(1.0), time.monotonic()
    assert recorder.slots() == 0
    recorder.count("started", now + 4.5)
    assert recorder.slots() == 5


def test_only_so_many_problems_are_told() -> None:
    recorder = Recorder(1.0)
    for number in range(MOST_PROBLEMS + 5):
        recorder.problem(str(number))
    assert len(recorder.problems) == MOST_PROBLEMS
