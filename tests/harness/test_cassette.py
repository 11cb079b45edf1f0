import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_mlx.cassette import CassetteError, dumps, loads
from fake_mlx.exchange import Ending
from handmade import handmade

EVENT = b'data: {"a": 1}\n\n'


@given(
    pieces=st.lists(st.binary(min_size=1) | st.text(min_size=1).map(str.encode)),
    end=st.sampled_from(["eof", "fin-without-terminator", "reset", "timeout", "client-closed"]),
)
def test_any_body_in_any_chunks_comes_back_the_same(pieces: list[bytes], end: Ending) -> None:
    cassette = handmade(*pieces, end=end)
    assert loads(dumps(cassette), "x") == cassette


@given(text=st.text())
def test_any_event_leaves_one_printable_line(text: str) -> None:
    body = b"data: " + json.dumps({"text": text}).encode() + b"\n\n"
    lines = dumps(handmade(body)).decode().split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


def test_a_file_reads_like_the_stream_it_holds() -> None:
    lines = dumps(handmade(b": hi\n\n" + EVENT, EVENT)).decode().splitlines()
    assert lines[1:] == [
        '{"t":0.0,"head":true}',
        '{"t":0.001,"p":[{"s":": hi\\n\\n"},{"e":{"a":1}}]}',
        '{"t":0.002,"e":{"a":1}}',
        '{"t":0.003,"end":"eof"}',
    ]


def test_a_close_without_reply_has_no_head_and_no_body() -> None:
    cassette = handmade(status=None, framing="close")
    assert loads(dumps(cassette), "x") == cassette


GOOD = dumps(handmade(EVENT, b"tail")).decode().splitlines()


def changed(line: int, **fields: Any) -> str:
    """Return the good file with *fields* of one line changed; None takes a field away."""
    record = json.loads(GOOD[line - 1]) | fields
    record = {key: value for key, value in record.items() if value is not None}
    return "\n".join([*GOOD[: line - 1], json.dumps(record), *GOOD[line:], ""])


RESPONSE = json.loads(GOOD[0])["response"]
BAD_FILES = [
    ("", 1, "cut off"),
    (GOOD[0], 1, "cut off"),
    ("\n".join(GOOD), 5, "cut off"),
    ("\n".join([*GOOD[:-1], ""]), 4, "cut off"),
    ("\n".join([*GOOD[:2], "", *GOOD[2:], ""]), 3, "not JSON"),
    ("\n".join([GOOD[0], "[]", *GOOD[2:], ""]), 2, "one JSON object"),
    ("\n".join([GOOD[0], '{"t":0,"t":1}', *GOOD[2:], ""]), 2, "stands twice"),
    ("\n".join([GOOD[0], '{"t":NaN}', *GOOD[2:], ""]), 2, "NaN"),
    ("\n".join([GOOD[0], '{"t":' + "[" * 99999, *GOOD[2:], ""]), 2, "nested too deeply"),
    ("\n".join([GOOD[0], *GOOD[2:], ""]), 2, "no time"),
    (changed(1, cast=2), 1, "version 1, not 2"),
    (changed(1, cast=None), 1, "version 1, not None"),
    (changed(1, style=None, request=None), 1, "request"),
    (changed(1, response=RESPONSE | {"status": None}), 1, "without a status"),
    (changed(1, response=RESPONSE | {"framing": "smoke"}), 1, "smoke"),
    (changed(1, bytes=17), 1, "the header says 17"),
    (changed(1, sha256="0" * 64), 1, "the hash"),
    (changed(2, head=False), 2, "head"),
    (changed(3, t=-1), 3, ">= 0"),
    (changed(3, t="0"), 3, "a time"),
    (changed(3, t=True), 3, "float"),
    (changed(3, e=None), 3, "a part is"),
    (changed(3, e=None, s=""), 3, "never empty"),
    (changed(3, s="x"), 3, "a part is"),
    (changed(3, e={"a": 2}), 1, "the hash"),
    (changed(4, s="\udc00"), 4, "surrogates not allowed"),
    (changed(4, t=0), 4, "backwards"),
    (changed(4, s=None, p="x"), 4, "a part is"),
    (changed(5, t=0), 5, "backwards"),
    (changed(5, end="bang"), 5, "bang"),
    (changed(5, by="me"), 5, "me"),
    (changed(5, extra=1), 5, "extra"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BAD_FILES)
def test_a_bad_file_is_refused_with_file_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(CassetteError) as caught:
        loads(text.encode(), "some.cast.jsonl")
    assert str(caught.value) == f"some.cast.jsonl:{line}: {caught.value.reason}"
    assert reason in caught.value.reason


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(CassetteError, match=r"x:1: .*utf-8"):
        loads(b"\xff\n", "x")


def test_a_wrong_hash_passes_only_on_request() -> None:
    edited = changed(3, e={"a": 2}).encode()
    assert loads(edited, "x", verify=False).body == b'data: {"a": 2}\n\ntail'
