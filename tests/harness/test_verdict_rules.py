from zlib import crc32

import msgspec
import pytest

from fake_mlx.client_record import ClientRequest
from fake_mlx.replay import UNKNOWN
from fake_mlx.verdict_pairs import Upstream
from fake_mlx.verdict_rules import delivery, ending, wording

SENT = [b"one", b"two", b"three"]


def entry(*pieces: bytes, faults: tuple[str, ...] = ()) -> Upstream:
    sizes = [len(piece) for piece in pieces]
    sums = [crc32(piece) for piece in pieces]
    return Upstream(
        1,
        "POST",
        0.0,
        "done",
        1.0,
        sum(sizes),
        faults=list(faults),
        sent_at=[0.0] * len(sizes),
        sent_sizes=sizes,
        sent_checksums=sums,
    )


def client(*pieces: bytes, left: float | None = None) -> ClientRequest:
    return ClientRequest("1", 0.0, tuple((1.0, piece) for piece in pieces), left=left)


def test_the_same_bytes_in_other_pieces_are_delivered() -> None:
    assert delivery(client(b"on", b"etwoth", b"ree"), entry(*SENT)) == ""


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (b"onetXothree", "bytes 3 to 6 are not those that were sent"),
        (b"twoonethree", "bytes 0 to 3 are not those that were sent"),
        (b"onetwo", "6 of 11 bytes arrived"),
        (b"onetwothree!", "12 bytes arrived, 11 were sent"),
    ],
)
def test_what_did_not_arrive_as_it_was_is_named(came: bytes, problem: str) -> None:
    assert delivery(client(came), entry(*SENT)) == problem


def test_a_client_that_left_or_a_reset_excuses_what_is_missing_but_no_change() -> None:
    assert delivery(client(b"onetw", left=2.0), entry(*SENT)) == ""
    assert delivery(client(b"onetw"), entry(*SENT, faults=("reset@11",))) == ""
    assert delivery(client(b"oXe", left=2.0), entry(*SENT)) != ""


def test_bytes_without_a_checksum_are_only_counted() -> None:
    unknown = msgspec.structs.replace(entry(b"one"), sent_checksums=[UNKNOWN])
    assert delivery(client(b"any"), unknown) == ""


def events(*data: str) -> bytes:
    return b"".join(f"data: {one}\n\n".encode() for one in data)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (events('{"type":"response"}', '{"type":"done"}'), ""),
        (events('{"type":"error"}'), ""),
        (events('{"choices":[]}', "[DONE]"), ""),
        (events('{"type":"done"}', "[DONE]"), ""),
        (events('{"type":"response"}'), "0 terminal events"),
        (events('{"type":"error"}', '{"type":"done"}'), "2 terminal events"),
        (events('{"type":"done"}', '{"type":"usage"}'), "events after the terminal one"),
        (events("[DONE]", "[DONE]"), "2 terminal events"),
        (b"", "0 terminal events"),
    ],
)
def test_one_terminal_event_ends_a_stream(body: bytes, problem: str) -> None:
    assert ending(client(body)) == problem


def test_a_client_that_left_need_not_see_the_end() -> None:
    assert ending(client(events('{"type":"response"}'), left=2.0)) == ""


CHUNKS = [
    f'data: {{"choices":[{{"delta":{{"content":"{text}"}}}}]}}\n\n'.encode() for text in "abc"
]
A, B, Z = (f'{{"type":"response","content":"{text}"}}' for text in "abz")


@pytest.mark.parametrize(
    ("came", "is_fine"),
    [
        (events(A, B, '{"type":"response","content":"c"}', '{"type":"done"}'), True),
        (events(A, B, '{"type":"done"}'), False),
        (events(A, B, '{"type":"error"}'), True),
        (events(A, Z, '{"type":"error"}'), False),
        (events(A), True),
    ],
)
def test_only_an_answer_without_done_may_lack_text(came: bytes, is_fine: bool) -> None:
    problem = wording(client(came), entry(*CHUNKS), b"".join(CHUNKS))
    assert (problem == "") == is_fine


def test_chunks_written_anew_are_whole_with_their_done() -> None:
    anew = ['{"choices": [{"delta": {"content": "ab"}}]}', "[DONE]"]
    assert wording(client(events(*anew)), entry(*CHUNKS[:2]), b"".join(CHUNKS[:2])) == ""
    assert wording(client(events(*anew)), entry(*CHUNKS), b"".join(CHUNKS)) != ""
    assert wording(client(events(anew[0])), entry(*CHUNKS), b"".join(CHUNKS)) == ""


def test_text_is_judged_as_far_as_what_was_sent_is_known() -> None:
    came = client(events(A, Z, '{"type":"done"}'))
    assert wording(came, entry(*CHUNKS), CHUNKS[0]) == ""
    assert wording(came, entry(*CHUNKS), CHUNKS[0] + CHUNKS[1]) != ""
