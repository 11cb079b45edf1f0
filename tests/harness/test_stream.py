from collections.abc import Callable
from typing import Any

from fake_mlx.http1 import Request
from fake_mlx.journal import Entry, Journal
from fake_mlx.matching import Question
from fake_mlx.replay import FULL_SPEED, Pace, make_plan
from fake_mlx.schedule import Callback, Schedule, Ticket
from fake_mlx.stream import Stream
from handmade import handmade


class FakeSchedule(Schedule):
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.tickets: list[tuple[float, Ticket]] = []

    def now(self) -> float:
        return self.time

    def at(self, moment: float, callback: Callback) -> Ticket:
        ticket = Ticket(callback)
        self.tickets.append((moment, ticket))
        return ticket

    def move(self, to: float) -> None:
        """Let the time be *to*, and everything happen that is due then."""
        self.time = to
        while due := [item for item in self.tickets if item[0] <= to]:
            for item in due:
                self.tickets.remove(item)
                again = item[1].callback() if item[1].callback else None
                if again is not None:
                    self.tickets.append((again, item[1]))


class FakeTransport:
    """Keeps every write; *after_write* is called after each."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False
        self.after_write: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        self.after_write()

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Replay:
    """A stream of *pieces* on fakes."""

    def __init__(self, *pieces: bytes, pace: Pace | None = None, **how: Any) -> None:
        self.schedule = FakeSchedule()
        self.transport = FakeTransport()
        self.ended = False
        request = Request("POST", "/", "1.1", ())
        self.entry: Entry = Journal().open(request, Question("POST", "/"), 0.0)
        self.stream = Stream(
            make_plan(handmade(*pieces, framing="close", **how), pace or Pace()),
            self.transport,  # type: ignore[arg-type]  # a fake
            self.schedule,
            self.entry,
            self._end,
        )

    def _end(self) -> None:
        self.ended = True


def test_nothing_goes_out_before_its_moment() -> None:
    replay = Replay(b"one", b"two")
    replay.schedule.move(0.0)
    assert replay.transport.writes == [b"HTTP/1.1 200 OK\r\n\r\n"]
    replay.schedule.move(0.001)
    assert replay.transport.writes[1:] == [b"one"]
    replay.schedule.move(0.002)
    assert replay.transport.writes[1:] == [b"one", b"two"]
    assert not replay.ended
    replay.schedule.move(0.003)
    assert replay.transport.closed


def test_what_is_late_goes_out_at_once_but_in_writes_of_its_own() -> None:
    replay = Replay(b"one", b"two")
    replay.schedule.move(1.0)
    assert replay.transport.writes[1:] == [b"one", b"two"]


def test_what_is_late_is_not_written_to_a_client_that_the_first_write_found_gone() -> None:
    replay = Replay(b"one", b"two")
    replay.schedule.move(0.0)
    replay.transport.after_write = replay.transport.close
    replay.schedule.move(1.0)
    assert replay.transport.writes[1:] == [b"one"]


def test_at_full_speed_the_pieces_travel_together() -> None:
    replay = Replay(b"one", b"two", pace=Pace(FULL_SPEED))
    replay.schedule.move(0.0)
    assert replay.transport.writes == [b"HTTP/1.1 200 OK\r\n\r\nonetwo"]
    assert (replay.entry.bytes, replay.entry.chunks) == (6, 2)


def test_one_turn_writes_a_bounded_amount() -> None:
    replay = Replay(*[b"x" * 40_000] * 4, pace=Pace(FULL_SPEED))
    replay.schedule.move(0.0)
    assert [len(data) for data in replay.transport.writes] == [80_019, 80_000]


def test_a_client_that_does_not_keep_up_is_waited_for() -> None:
    replay = Replay(b"one", b"two")
    replay.schedule.move(0.0)
    replay.transport.after_write = replay.stream.pause
    replay.schedule.move(1.0)
    assert replay.transport.writes[1:] == [b"one"]
    replay.stream.resume()
    replay.schedule.move(1.0)
    assert replay.transport.writes[1:] == [b"one", b"two"]
    assert not replay.ended
    replay.stream.resume()
    replay.schedule.move(1.0)
    assert replay.transport.closed


def test_a_resume_without_a_pause_changes_nothing() -> None:
    replay = Replay(b"one")
    replay.stream.resume()
    replay.schedule.move(1.0)
    assert replay.transport.writes[1:] == [b"one"]


def test_the_journal_learns_what_went_out_and_when() -> None:
    replay = Replay(b"one", b"two")
    replay.schedule.move(0.001)
    assert (replay.entry.bytes, replay.entry.chunks) == (3, 1)
    assert replay.entry.state == "streaming"
    replay.schedule.move(0.5)
    assert replay.entry.sent_at.tolist() == [0.001, 0.5]
    assert (replay.entry.state, replay.entry.finished) == ("done", 0.5)


def test_nothing_goes_out_after_the_client_left() -> None:
    replay = Replay(b"one")
    replay.stream.cut_off()
    replay.schedule.move(1.0)
    assert replay.transport.writes == []
    assert replay.entry.state == "client_left"
    assert not replay.ended
