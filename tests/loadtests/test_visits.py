"""Visitors notice what is wrong with a stream, and count what they did."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from load.answers import Answer
from load.plan import Plan, Profile
from load.recorder import Recorder
from load.visits import LEAVE_AFTER, Visits
from loadtests.scripted_relay import Script, scripted_relay

DONE = {"type": "done", "finish_reason": "stop"}
PROFILES = {
    "plain": Profile(1, "plain", Answer(response="yes")),
    "long": Profile(2, "long", Answer(response="x" * (LEAVE_AFTER + 60))),
    "dying": Profile(3, "dying", Answer(response="one two")),
}


class Found:
    """A recorder, and the script that the visitors meet."""

    def __init__(self, script: Script, port: int) -> None:
        self.script = script
        self.recorder = Recorder(1.0)
        plan = Plan(port, port, ["ann", "bob"], "password", PROFILES)
        self._visits = Visits(plan, self.recorder, lambda *_: None)

    def after(self, kind: str, **streams: list[dict[str, Any]]) -> dict[str, int]:
        """Return the counts after one visit that meets those streams."""
        self.script.update({PROFILES[name].id: events for name, events in streams.items()})
        self._visits.visit(kind, time.monotonic())
        return {name: self.recorder.total(name) for name in self.recorder.counted()}


@pytest.fixture
def found() -> Iterator[Found]:
    script: Script = {}
    with scripted_relay(script) as port:
        yield Found(script, port)


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "response", "content": text} for text in texts]


def test_a_stream_with_the_cassettes_text_is_verified(found: Found) -> None:
    counts = found.after("plain", plain=[*said("y", "es"), DONE])
    assert (counts["verified"], counts["logins"], counts["pieces"]) == (1, 1, 2)
    assert "failed" not in counts


def test_a_stream_with_another_text_is_wrong(found: Found) -> None:
    counts = found.after("plain", plain=[*said("no"), DONE])
    assert (counts["wrong"], counts["failed"]) == (1, 1)
    assert found.recorder.problems == [
        "plain: ChatFailed: plain: the text is not that of the cassette"
    ]


def test_a_stream_without_a_terminal_event_failed(found: Found) -> None:
    assert found.after("plain", plain=said("yes"))["failed"] == 1


def test_a_stream_that_ends_with_an_error_failed(found: Found) -> None:
    error = {"type": "error", "code": "upstream_busy"}
    assert found.after("plain", plain=[*said("yes"), error])["failed"] == 1


def test_a_refusal_failed_and_the_stream_is_no_longer_open(found: Found) -> None:
    counts = found.after("plain")
    assert counts["failed"] == 1
    assert found.recorder.open_streams() == 0


def test_who_leaves_in_mid_stream_has_the_beginning_of_the_text(found: Found) -> None:
    counts = found.after("leaver", long=said(*"x" * LEAVE_AFTER))
    assert counts["left"] == 1
    assert "failed" not in counts


def test_who_meets_a_dying_server_tries_again(found: Found) -> None:
    broken = [*said("one"), {"type": "error", "code": "upstream_truncated"}]
    counts = found.after("retrier", dying=broken, plain=[*said("yes"), DONE])
    assert (counts["broken as planned"], counts["retries"], counts["verified"]) == (1, 1, 1)


def test_a_dying_server_that_was_not_noticed_is_a_failure(found: Found) -> None:
    counts = found.after("retrier", dying=[*said("one two"), DONE])
    assert counts["failed"] == 1
    assert "retries" not in counts


def test_latency_counts_from_when_the_visitor_should_have_come(found: Found) -> None:
    found.script[1] = [*said("yes"), DONE]
    found._visits.visit("plain", time.monotonic() - 5)
    assert found.recorder.histogram("first_event").quantile(1.0) > 4_900_000
    assert found.recorder.histogram("late").quantile(1.0) > 4_900_000
