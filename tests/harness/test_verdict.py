from typing import Any
from zlib import crc32

import msgspec
import pytest

from fake_mlx.client_record import ClientRequest
from fake_mlx.verdict import Verdict, judge

EVENT = b'data: {"type":"response","content":"ab"}\n\n'
DONE = b'data: {"type":"done"}\n\n'
CHUNK = b'data: {"choices":[{"delta":{"content":"ab"}}]}\n\n'


def entry(*pieces: bytes, started: float = 0.1, **fields: Any) -> dict[str, Any]:
    """Return a journal entry of a replay of *pieces*, over a second later."""
    return {
        "id": 1,
        "method": "POST",
        "path": "/v1/chat/completions",
        "started": started,
        "state": "done",
        "finished": started + 1,
        "cassette": "x",
        "faults": [],
        "bytes": sum(map(len, pieces)),
        "sent_at": [started for _ in pieces],
        "sent_sizes": [len(piece) for piece in pieces],
        "sent_checksums": [crc32(piece) for piece in pieces],
    } | fields


def client(*pieces: bytes, left: float | None = None) -> ClientRequest:
    return ClientRequest("1", 0.0, tuple((0.6, piece) for piece in pieces), left=left)


def kept(verdict: Verdict) -> list[bool | None]:
    """Return what was found about: one each, retry, delivery, end, closing, latency."""
    return [ruling.kept for ruling in verdict.rulings]


def test_a_proxy_that_passes_all_bytes_keeps_every_rule() -> None:
    verdict = judge([entry(b"one", b"two")], [client(b"onet", b"wo")])
    assert kept(verdict) == [True, True, True, None, None, None]
    assert verdict.kept
    assert str(verdict).splitlines() == [
        "kept    one upstream request each: 1 requests",
        "kept    no retry after the first byte: none",
        "kept    every byte in order: 6 bytes",
        "-       exactly one terminal event: the server's own end is passed on",
        "-       upstream closed within 100 ms of the client's leaving: no client left",
        "-       added latency: p50 500.00 ms, p99 500.00 ms (2 events)",
    ]


def test_a_byte_that_was_lost_breaks_the_rule_that_says_so() -> None:
    verdict = judge([entry(b"one", b"two")], [client(b"onewo")])
    assert kept(verdict) == [True, True, False, None, None, None]
    assert not verdict.kept
    assert "BROKEN  every byte in order: request 1: 5 of 6 bytes arrived" in str(verdict)


def test_a_proxy_that_speaks_events_is_judged_by_its_text_and_its_terminal_event() -> None:
    journal, bodies = [entry(CHUNK)], {1: CHUNK}
    whole = judge(journal, [client(EVENT, DONE)], bodies=bodies)
    assert kept(whole) == [True, True, True, True, None, None]
    assert whole.rulings[-1].detail == "p50 500.00 ms, p99 500.00 ms (1 events)"
    endless = judge(journal, [client(EVENT)], bodies=bodies)
    assert kept(endless) == [True, True, True, False, None, None]
    changed = judge(journal, [client(EVENT.replace(b"ab", b"ba"), DONE)], bodies=bodies)
    assert kept(changed) == [True, True, False, True, None, None]
    assert "the answer differs at character 0: 'ab' was sent, 'ba' came" in str(changed)


def test_text_is_not_judged_by_a_cassette_that_is_not_known() -> None:
    unknown = judge([entry(CHUNK)], [client(EVENT, DONE)])
    assert kept(unknown) == [True, True, None, True, None, None]
    assert unknown.kept


def test_what_a_proxy_speaks_may_be_said() -> None:
    silent = judge([entry(CHUNK)], [client()], speaks="events")
    assert silent.rulings[3].rule == "exactly one terminal event"
    assert silent.rulings[3].kept is False


def test_a_retry_after_the_first_byte_breaks_two_rules_one_before_it_only_one() -> None:
    late = [entry(b"on", started=0.1), entry(b"one", started=0.7)]
    assert kept(judge(late, [client(b"one")]))[:2] == [False, False]
    early = [entry(started=0.1), entry(b"one", started=0.2)]
    assert kept(judge(early, [client(b"one")]))[:3] == [False, True, True]


def test_a_request_that_never_came_up_or_that_nobody_made_is_told() -> None:
    assert kept(judge([], [client()]))[0] is False
    stray = judge([entry(started=5.0)], [ClientRequest("1", 0.0, ended=1.0)])
    assert "upstream request 1 belongs to no client's" in stray.rulings[0].detail


@pytest.mark.parametrize(
    ("state", "finished", "found"),
    [
        ("client_left", 2.05, True),
        ("client_left", 2.2, False),
        ("done", 3.0, False),
        ("done", 1.5, True),
        ("streaming", None, False),
    ],
)
def test_the_upstream_ends_soon_after_the_client_left(
    state: str, finished: float | None, found: bool
) -> None:
    journal = [entry(b"one", state=state, finished=finished)]
    verdict = judge(journal, [client(b"o", left=2.0)])
    assert kept(verdict) == [True, True, True, None, found, None]


def test_what_the_upstream_did_after_the_client_left_is_told() -> None:
    stamps: dict[str, Any] = {
        "sent_at": [1.0, 2.01, 2.02],
        "sent_sizes": [1] * 3,
        "sent_checksums": [-1] * 3,
    }
    journal = [entry(state="client_left", finished=2.03, unsent_chunks=40, bytes=3, **stamps)]
    closed = judge(journal, [client(left=2.0)]).rulings[4]
    assert closed.detail == "at most 30.0 ms, 2 chunks went out meanwhile, 40 never did"
    journal[0] |= {"state": "streaming", "finished": None, "unsent_chunks": None}
    assert "request 1: still open after inf ms" in str(judge(journal, [client(left=2.0)]))


def test_how_soon_may_be_said() -> None:
    journal = [entry(state="client_left", finished=2.2)]
    assert judge(journal, [client(left=2.0)], closed_within_ms=300).kept


def test_nothing_is_judged_by_nothing() -> None:
    assert kept(judge([], [])) == [None] * 6


def test_what_is_no_journal_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        judge([{"id": "one"}], [])
