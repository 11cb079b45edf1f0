"""A history in; what breaks the invariants I1 to I6 in it, as sentences, out. Pure.

I1 the events of a stream are numbered without a gap, and it has one end, which is last.
I2 the log has what the fake said, up to the end; no request was made twice.
I3 what a client got is the beginning of what the log has, and all of it when it ended well.
I4 the metrics count what the log has.
I5 a process that is killed loses no stream that had begun to speak, and ends none that lives.
I6 nobody gets a word that is somebody else's.

The log's own thread writes a moment after the client has got an event. So of a stream whose process
was killed the log may know less than the client; it never says anything else.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

from support.nemesis_history import (
    ClientStream,
    History,
    Life,
    LoggedStream,
    as_event,
    said_in,
    terminals_in,
)

Check: TypeAlias = Callable[[History], Iterator[str]]

KINDS: Final = ("done", "error", "client_gone")


def violations(history: History) -> list[str]:
    """Return everything that is wrong in *history*, each with the name of its invariant."""
    return [
        f"{name}: {problem}" for name, check in INVARIANTS.items() for problem in check(history)
    ]


def one_end_each(history: History) -> Iterator[str]:
    """I1."""
    if history.torn_lines:
        yield f"{history.torn_lines} lines of the log are torn"
    holes = sum(_holes(logged.events) for logged in history.log.values())
    if holes > history.admitted_losses:
        yield f"{holes} records are missing, {history.admitted_losses} were said to be lost"
    for stream_id, logged in history.log.items():
        if len(logged.ends) != 1:
            yield f"the log has {len(logged.ends)} ends of {stream_id}"
        if logged.repeated:
            yield f"the log has events {logged.repeated} of {stream_id} twice"
        yield from _at_the_end(f"the log of {stream_id}", logged.events)
        yield from _end_agrees(stream_id, logged)
    for client in history.clients:
        who = f"the client of {client.request}"
        if list(client.events) != list(range(1, len(client.events) + 1)):
            yield f"{who} got the events {list(client.events)}"
        yield from _at_the_end(who, client.events)
        if client.ending == "whole" and not terminals_in(client.events):
            yield f"{who} got a whole answer without an end"
        # Behind its end an answer lacks no more than HTTP's own last bytes.
        is_cut = client.ending == "broken" and not terminals_in(client.events)
        if is_cut and not _may_break(history.log.get(client.stream_id)):
            ends = history.log[client.stream_id].ends
            last = max(client.events, default=0)
            yield f"{who} got an answer that broke off after event {last}, but the log has {ends}"


def _may_break(logged: LoggedStream | None) -> bool:
    """Only with its process, or when the client does not read, may an answer break off."""
    return logged is None or any(
        end.kind == "lost" or end.code == "too_slow" for end in logged.ends
    )


def _holes(events: Mapping[int, bytes]) -> int:
    """Return how many records must be missing for *events* to have the numbers they have."""
    numbers = [0, *sorted(events)]
    return sum(later > earlier + 1 for earlier, later in pairwise(numbers))


def _at_the_end(where: str, events: Mapping[int, bytes]) -> Iterator[str]:
    terminals = terminals_in(events)
    if len(terminals) > 1 or (terminals and terminals[0] != max(events)):
        yield f"{where} has terminal events at {terminals} of {max(events)}"


def _end_agrees(stream_id: str, logged: LoggedStream) -> Iterator[str]:
    """The last event and the record of the end say the same."""
    if len(logged.ends) != 1 or not logged.events or logged.ends[0].kind == "lost":
        return
    last = as_event(logged.events[max(logged.events)])
    kind = last["type"] if last["type"] in ("done", "error") else "client_gone"
    if (kind, last.get("code")) != (logged.ends[0].kind, logged.ends[0].code):
        yield f"{stream_id} ended as {logged.ends[0]}, but its last event is {last}"


def log_is_what_was_said(history: History) -> Iterator[str]:
    """I2."""
    asked = Counter(sent.request for sent in history.sent)
    for request, times in asked.items():
        if times > 1:
            yield f"{request} was made {times} times"
    said = {sent.request: sent.said for sent in history.sent}
    for client, logged in _pairs(history):
        if _holes(logged.events):
            continue  # I1 says whether that may be
        whole = history.texts[client.canary]
        heard, sent = said_in(logged.events), said.get(client.request)
        if not whole.startswith(heard):
            yield f"the log of {client.request} has what nobody said: {_difference(whole, heard)}"
        elif sent is not None and not sent.startswith(heard):
            yield f"the log of {client.request} has more than was sent: {_difference(sent, heard)}"
        if logged.ends and logged.ends[0].kind == "done" and heard != whole:
            yield f"{client.request} is done, but {_difference(whole, heard)}"


def clients_agree_with_the_log(history: History) -> Iterator[str]:
    """I3."""
    for client, logged in _pairs(history):
        lost = [end for end in logged.ends if end.kind == "lost"]
        for number, data in client.events.items():
            if number in logged.events and logged.events[number] != data:
                yield (
                    f"event {number} of {client.request} was {data!r}, "
                    f"the log has {logged.events[number]!r}"
                )
        missing = set(client.events) - set(logged.events)
        if missing and not lost and not history.admitted_losses:
            yield f"the client of {client.request} got {sorted(missing)}, the log has them not"
        if lost or not client.events:
            continue
        unseen = set(logged.events) - set(client.events)
        if unseen and terminals_in(client.events):
            yield f"{client.request} ended, but its client never got {sorted(unseen)}"
        if unseen and client.ending == "whole":
            yield f"the whole answer to {client.request} lacks {sorted(unseen)}"


def metrics_agree_with_the_log(history: History) -> Iterator[str]:
    """I4. Of a process that ended amid streams the metrics are known up to some moment before."""
    for life in history.lives:
        logged = Counter(
            end.kind
            for stream in history.log.values()
            if life.began <= stream.at < life.ended
            for end in stream.ends
        )
        for kind in KINDS:
            counted = life.counted.get(kind, 0)
            most = logged[kind] + (logged["lost"] if life.end == "killed" else 0)
            if counted > most or (life.end == "quiet" and counted != logged[kind]):
                yield f"the metrics counted {counted} {kind}, the log has {logged[kind]} ({life})"
        if life.end == "quiet" and life.active:
            yield f"{life.active} streams are active after all have ended"


def no_stream_is_forgotten(history: History) -> Iterator[str]:
    """I5."""
    for client in history.clients:
        if said_in(client.events) and client.stream_id not in history.log:
            yield f"the log knows nothing of {client.request} ({client.stream_id})"
    for stream_id, logged in history.log.items():
        life = _life_of(logged, history.lives)
        for end in logged.ends:
            if end.kind == "lost" and not _may_lose(life, history, end.cause):
                yield f"{stream_id} is lost ({end.cause}), but its process was {life}"


def _life_of(logged: LoggedStream, lives: tuple[Life, ...]) -> Life | None:
    return next((life for life in lives if life.began <= logged.at < life.ended), None)


def _may_lose(life: Life | None, history: History, cause: str | None) -> bool:
    if cause == "not_logged":
        return history.admitted_losses > 0
    return life is not None and life.end == "killed"


def no_foreign_words(history: History) -> Iterator[str]:
    """I6."""
    for client, logged in _pairs(history):
        for where, events in (("the client", client.events), ("the log", logged.events)):
            foreign = [
                word for word in said_in(events).split() if not word.startswith(client.canary)
            ]
            if foreign:
                yield f"{where} of {client.request} ({client.canary}) has {foreign[:3]}"
    known = {client.stream_id for client in history.clients if client.stream_id}
    if len(known) < sum(bool(client.stream_id) for client in history.clients):
        yield "two answers have the same stream_id"


def _pairs(history: History) -> Iterator[tuple[ClientStream, LoggedStream]]:
    """Yield the answers whose streams the log knows; the others said nothing, or I5 complains."""
    for client in history.clients:
        if client.stream_id in history.log:
            yield client, history.log[client.stream_id]


def _difference(one: str, other: str) -> str:
    same = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return f"{one[same : same + 20]!r} became {other[same : same + 20]!r} at {same}"


INVARIANTS: Final[dict[str, Check]] = {
    "I1": one_end_each,
    "I2": log_is_what_was_said,
    "I3": clients_agree_with_the_log,
    "I4": metrics_agree_with_the_log,
    "I5": no_stream_is_forgotten,
    "I6": no_foreign_words,
}
