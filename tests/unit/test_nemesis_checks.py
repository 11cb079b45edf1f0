"""Each check of the nemesis can fail: histories in which all is well, and all that can be wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.nemesis_checks import INVARIANTS, violations
from support.nemesis_history import ClientStream, History, Life, LoggedEnd, LoggedStream, Sent

START = {"type": "start", "stream_id": "s1"}
DONE = {"type": "done", "finish_reason": "stop"}
ERROR = {"type": "error", "code": "upstream_truncated", "content": "It stopped."}
TEXT = "short1.0 short1.1 "


def said(content: str) -> dict[str, Any]:
    return {"type": "response", "content": content}


def events(*values: dict[str, Any], first: int = 1) -> dict[int, bytes]:
    return {number: json.dumps(value).encode() for number, value in enumerate(values, first)}


WHOLE = events(START, said("short1.0 "), said("short1.1 "), DONE)
BEGUN = events(START, said("short1.0 "))

CLIENT = ClientStream("request 1", "short1.", "whole", "s1", WHOLE)
LOGGED = LoggedStream(5.0, WHOLE, (LoggedEnd("done"),))
LIFE = Life(0.0, 9.0, "quiet", {"done": 1})
GOOD = History(
    clients=(CLIENT,),
    log={"s1": LOGGED},
    sent=(Sent("request 1", TEXT),),
    lives=(LIFE,),
    texts={"short1.": TEXT, "short2.": "short2.0 "},
)

KILLED = GOOD._replace(
    clients=(CLIENT._replace(ending="broken", events=BEGUN),),
    log={
        "s1": LOGGED._replace(events=events(START), ends=(LoggedEnd("lost", "internal", "killed"),))
    },
    lives=(LIFE._replace(end="killed", counted={}),),
)
LEFT = GOOD._replace(
    clients=(CLIENT._replace(ending="left", events=BEGUN),),
    log={"s1": LOGGED._replace(events=BEGUN, ends=(LoggedEnd("client_gone"),))},
    lives=(LIFE._replace(counted={"client_gone": 1}),),
)


def logged(history: History, **changes: Any) -> History:
    return history._replace(log={"s1": history.log["s1"]._replace(**changes)})


def client(history: History, **changes: Any) -> History:
    return history._replace(clients=(history.clients[0]._replace(**changes),))


def life(history: History, **changes: Any) -> History:
    return history._replace(lives=(history.lives[0]._replace(**changes),))


SKIPPED = {number: data for number, data in WHOLE.items() if number != 2}
TWO_ENDS = WHOLE | events(DONE, first=5)
FOREIGN = events(START, said("short1.0 "), said("short2.0 "), DONE)

BROKEN: dict[str, tuple[str, Callable[[], History]]] = {
    "a line of the log is torn": ("I1", lambda: GOOD._replace(torn_lines=1)),
    "a stream has no end": ("I1", lambda: logged(GOOD, ends=())),
    "a stream has two ends": ("I1", lambda: logged(GOOD, ends=LOGGED.ends * 2)),
    "the log lacks an event": ("I1", lambda: logged(GOOD, events=SKIPPED)),
    "the log has an event twice": ("I1", lambda: logged(GOOD, repeated=(2,))),
    "the log has two terminal events": ("I1", lambda: logged(GOOD, events=TWO_ENDS)),
    "the end is not what the last event says": (
        "I1",
        lambda: logged(GOOD, ends=(LoggedEnd("client_gone"),)),
    ),
    "the end has another code than the last event": (
        "I1",
        lambda: logged(GOOD, events=events(START, ERROR), ends=(LoggedEnd("error", "internal"),)),
    ),
    "the client lacks an event": ("I1", lambda: client(GOOD, events=SKIPPED)),
    "the client got two terminal events": ("I1", lambda: client(GOOD, events=TWO_ENDS)),
    "the client got something after the end": (
        "I1",
        lambda: client(GOOD, events=WHOLE | events(said("short1.2 "), first=5)),
    ),
    "a whole answer has no end": ("I1", lambda: client(GOOD, events=BEGUN)),
    "an answer broke off for no reason": ("I1", lambda: client(LEFT, ending="broken")),
    "a request was made twice": ("I2", lambda: GOOD._replace(sent=GOOD.sent * 2)),
    "the log has what nobody said": ("I2", lambda: logged(GOOD, events=FOREIGN)),
    "the log lacks the end of what is done": (
        "I2",
        lambda: logged(GOOD, events=events(START, said("short1.0 "), DONE)),
    ),
    "the log has more than was sent": (
        "I2",
        lambda: GOOD._replace(sent=(Sent("request 1", "short1.0 "),)),
    ),
    "the client got another event than the log has": (
        "I3",
        lambda: client(GOOD, events=events(START, said("short1.0"), said(" short1.1 "), DONE)),
    ),
    "the client got more than the log has": ("I3", lambda: client(LEFT, events=WHOLE)),
    "the client of a whole answer got less": (
        "I3",
        lambda: logged(GOOD, events=WHOLE | events(said("short1.2 "), first=5)),
    ),
    "the metrics count a stream too few": ("I4", lambda: life(GOOD, counted={})),
    "the metrics count a stream too many": ("I4", lambda: life(GOOD, counted={"done": 2})),
    "the metrics of a process that was told to stop count too many": (
        "I4",
        lambda: life(GOOD, end="stopped", counted={"error": 1}),
    ),
    "a killed process counted what nobody knows": (
        "I4",
        lambda: life(KILLED, counted={"done": 1, "error": 2}),
    ),
    "a stream is active for ever": ("I4", lambda: life(GOOD, active=1)),
    "the log forgot a stream": ("I5", lambda: KILLED._replace(log={})),
    "a stream is lost that nobody killed": ("I5", lambda: life(KILLED, end="stopped")),
    "a stream is lost that the disk had room for": (
        "I5",
        lambda: logged(KILLED, ends=(LoggedEnd("lost", "internal", "not_logged"),)),
    ),
    "the client got a word of somebody else": ("I6", lambda: client(GOOD, events=FOREIGN)),
    "the log has a word of somebody else": ("I6", lambda: logged(GOOD, events=FOREIGN)),
    "two answers have one name": ("I6", lambda: GOOD._replace(clients=(CLIENT, CLIENT))),
}


@pytest.mark.parametrize("history", [GOOD, KILLED, LEFT], ids=["done", "killed", "left"])
def test_where_all_is_well_nothing_is_found(history: History) -> None:
    assert violations(history) == []


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_found_by_its_invariant(what: str) -> None:
    invariant, make = BROKEN[what]
    assert any(found.startswith(f"{invariant}: ") for found in violations(make()))


def test_every_invariant_has_been_seen_to_fail() -> None:
    assert {invariant for invariant, _ in BROKEN.values()} == set(INVARIANTS)


def test_what_the_log_says_it_lost_may_be_missing() -> None:
    skipped = {n: data for n, data in WHOLE.items() if n != 3}
    admitted = logged(GOOD, events=skipped)._replace(admitted_losses=1)
    assert violations(admitted) == []


def test_behind_its_end_an_answer_may_break_off() -> None:
    assert violations(client(GOOD, ending="broken")) == []
