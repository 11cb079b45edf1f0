"""The queue between the loop and the disk: its bounds, and its exact counts."""

from threading import Thread

from mlx_relay.sinks.log_queue import CHUNK_BYTES, Line, LineQueue, Missing

START, END = Line(b"s" * 10, "s1", "start"), Line(b"e" * 10, "s1", "end")
EVENTS = Line(b"v" * 10, "s1", "events")


def make_queue(max_bytes: int) -> tuple[LineQueue, list[int]]:
    losses: list[int] = []
    return LineQueue(losses.append, max_bytes), losses


def test_a_chunk_stays_until_it_is_written() -> None:
    queue, _ = make_queue(1000)
    assert queue.put(START)
    assert queue.put(END)
    assert queue.chunk(0) == [START, END]
    assert queue.chunk(0) == [START, END]
    queue.written([START])
    assert queue.chunk(0) == [END]


def test_what_finds_no_room_is_refused_and_counted() -> None:
    queue, losses = make_queue(20)
    assert [queue.put(START) for _ in range(4)] == [True, True, False, False]
    assert sum(losses) == 2


def test_events_may_fill_half_of_the_room() -> None:
    queue, _ = make_queue(40)
    assert [queue.put(EVENTS) for _ in range(3)] == [True, True, False]
    assert [queue.put(END) for _ in range(3)] == [True, True, False]


def test_a_chunk_is_bounded_but_a_line_is_never_cut() -> None:
    queue, _ = make_queue(CHUNK_BYTES * 10)
    long = Line(b"x" * (CHUNK_BYTES + 1), "s1", "end")
    queue.put_anyway([START, long, long])
    assert queue.chunk(0) == [START]
    queue.written([START])
    assert queue.chunk(0) == [long]


def test_what_was_refused_is_told_once_and_only_when_all_else_is_written() -> None:
    queue, _ = make_queue(10)
    queue.put(START)
    assert not queue.put(END)
    queue.owe_end("s1")
    assert queue.take_missing() is None
    queue.written(queue.chunk(0))
    assert queue.take_missing() == Missing(1, frozenset({"s1"}))
    assert queue.take_missing() is None


def test_a_closed_queue_takes_nothing_and_counts_what_is_left() -> None:
    queue, losses = make_queue(1000)
    queue.put(START)
    queue.close()
    assert not queue.put(END)
    queue.give_up()
    assert losses == [1, 1]


def test_a_start_wakes_the_one_who_waits() -> None:
    queue, _ = make_queue(1000)
    found: list[list[Line]] = []
    waiting = Thread(target=lambda: found.append(queue.chunk(30)))
    waiting.start()
    queue.put(START)
    waiting.join(30)
    assert found == [[START]]


def test_closing_wakes_the_one_who_waits() -> None:
    queue, _ = make_queue(1000)

    def wait() -> None:
        queue.chunk(None)
        queue.wait_for_close(30)

    waiting = Thread(target=wait)
    waiting.start()
    queue.close()
    waiting.join(30)
    assert not waiting.is_alive()
    assert queue.is_closed
