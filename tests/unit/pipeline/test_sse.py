"""The SSE decoder: the rules of WHATWG, for every cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts, run
from mlx_relay.errors import StreamError
from mlx_relay.events import Response, Thinking, decode, encode
from mlx_relay.pipeline.sse import Decoder, Message


def m(data: str, event: str = "message", last_id: str = "", retry: int | None = None) -> Message:
    return Message(event, data, last_id, retry)


def cut_off(data: str, event: str = "message", last_id: str = "") -> Message:
    return Message(event, data, last_id, None, complete=False)


STANDARD: dict[str, tuple[bytes, list[Message]]] = {
    "two lines of data are joined": (b"data: A\ndata: +2\n\n", [m("A\n+2")]),
    "an id holds for later messages": (
        b": test\n\ndata: one\nid: 1\n\ndata:two\nid\n\ndata:  three\n\n",
        [m("one", last_id="1"), m("two"), m(" three")],
    ),
    "an id stays until the next": (
        b"id: a\ndata:1\n\ndata:2\n\nid:b\n\ndata:3\n\n",
        [m("1", last_id="a"), m("2", last_id="a"), m("3", last_id="b")],
    ),
    "an id with NUL is ignored": (
        b"id: a\ndata:1\n\nid: b\0c\ndata:2\n\n",
        [m("1", last_id="a"), m("2", last_id="a")],
    ),
    "data without a value counts": (
        b"data\n\ndata\ndata\n\ndata:\n\n",
        [m(""), m("\n"), m("")],
    ),
    "one space is not part of the value": (
        b"data:x\n\ndata: x\n\ndata:  x\n\ndata:\tx\n\n",
        [m("x"), m("x"), m(" x"), m("\tx")],
    ),
    "an event name holds for one message": (
        b"event: ping\ndata: 1\n\ndata: 2\n\n",
        [m("1", event="ping"), m("2")],
    ),
    "an empty event name is message": (b"event: \ndata: 1\n\n", [m("1")]),
    "the last event name wins": (b"event: a\nevent: b\ndata: 1\n\n", [m("1", event="b")]),
    "an event without data is none, and its name is forgotten": (
        b"event: ping\n\ndata: 1\n\n",
        [m("1")],
    ),
    "a byte order mark counts at the start only": (
        b"\xef\xbb\xbfdata:1\n\n\xef\xbb\xbfdata:2\n\ndata:3\n\n",
        [m("1"), m("3")],
    ),
    "a second byte order mark is part of the name": (
        b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\ndata:2\n\n",
        [m("2")],
    ),
    "CR, LF and CRLF end lines": (
        b"data:a\r\ndata\ndata:b\r\n\rdata:c\r\rdata:d\n\n",
        [m("a\n\nb"), m("c"), m("d")],
    ),
    "comments end with any line end": (
        b"data:1\r:\0\n:\r\ndata:2\n:" + b"x" * 2048 + b"\rdata:3\n:data:no\r:\ndata:4\n\n",
        [m("1\n2\n3\n4")],
    ),
    "field names are exact": (
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\r data:6\ndata:\n\n",
        [m("\0\n 2\n1\n")],
    ),
    "unknown fields are ignored": (
        b"data:a\n data\ndata\nfoobar:xxx\njust text\n:comment\ndata:b\n\n",
        [m("a\n\nb")],
    ),
    "retry takes digits only": (
        b"retry: 3000\ndata: 1\n\nretry: 1000x\ndata: 2\n\nretry\ndata: 3\n\n",
        [m("1", retry=3000), m("2"), m("3")],
    ),
    "retry takes ASCII digits only": ("retry: ٣\ndata: 1\n\n".encode(), [m("1")]),
    "retry alone is no message": (b"retry: 5\n\ndata: 1\n\n", [m("1")]),
    "retry without end is ignored": (b"retry: " + b"9" * 9999 + b"\ndata: 1\n\n", [m("1")]),
    "Unicode has other line ends, SSE has not": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei\n\n".encode(),
        [m("a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei")],
    ),
    "invalid UTF-8 is replaced": (
        b"data: caf\xe9 \xed\xa0\x80\xf0\x9f\ndata: \x80\n\n",
        [m("caf\ufffd \ufffd\ufffd\ufffd\ufffd\n\ufffd")],
    ),
    "many blank lines are nothing": (b"\n\n\r\r\n\ndata: 1\n\n\n\n", [m("1")]),
    "the field error is unknown to the standard": (b'error: {"a":1}\n\ndata: 1\n\n', [m("1")]),
    "a block that the end cuts off is marked": (
        b"data: 1\n\nid: 7\ndata: 2\ndata: 3",
        [m("1"), cut_off("2\n3", last_id="7")],
    ),
    "so is a whole line without the blank one": (b"data: [DONE]\n", [cut_off("[DONE]")]),
    "a cut-off block without data is nothing": (b"event: x\nid: 1\nda", []),
    "nothing gives nothing": (b"", []),
    "half a byte order mark is nothing": (b"\xef\xbb", []),
}


@pytest.mark.parametrize("case", STANDARD)
def test_the_standard_is_followed(case: str) -> None:
    data, messages = STANDARD[case]
    assert run(Decoder(), [data]) == messages


@pytest.mark.parametrize("case", STANDARD)
def test_every_cut_in_two_gives_the_same(case: str) -> None:
    data, messages = STANDARD[case]
    for place in range(min(len(data), 300) + 1):
        assert run(Decoder(), [data[:place], data[place:]]) == messages


@pytest.mark.parametrize("case", STANDARD)
def test_byte_by_byte_gives_the_same(case: str) -> None:
    data, messages = STANDARD[case]
    assert run(Decoder(), [data[place : place + 1] for place in range(len(data))]) == messages


PIECES = [
    *[b"data", b"event", b"id", b"retry", b"error", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n"],
    *[b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xe9", b"12", "ü😀".encode(), b"{}", b"[DONE]"],
]


def stream_bytes() -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40).map(b"".join)


def by_the_book(data: bytes) -> list[Message]:
    """The algorithm of the standard, on the whole text."""
    messages, last_id = [], ""
    fields: dict[str, str] = {}
    lines: list[str] = []
    for line in re.split("\r\n|\r|\n", data.decode("utf-8-sig", "replace"))[:-1]:
        name, _, value = line.partition(":")
        value = value[1:] if value[:1] == " " else value
        if not line:
            if lines:
                retry = int(fields["retry"]) if "retry" in fields else None
                messages.append(
                    Message(fields.get("event") or "message", "\n".join(lines), last_id, retry)
                )
            fields, lines = {}, []
        elif name == "data":
            lines.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "event" or (name == "retry" and re.fullmatch("[0-9]{1,18}", value)):
            fields[name] = value
    return messages


@given(data=stream_bytes())
def test_any_stream_reads_as_the_standard_says(data: bytes) -> None:
    assert [message for message in run(Decoder(), [data]) if message.complete] == by_the_book(data)


@given(data=st.data())
def test_any_split_gives_the_same_messages(data: st.DataObject) -> None:
    whole = data.draw(stream_bytes())
    assert run(Decoder(), data.draw(cuts(whole))) == run(Decoder(), [whole])


@given(data=st.data())
def test_any_split_breaks_a_limit_at_the_same_message(data: st.DataObject) -> None:
    def limited() -> Decoder:
        return Decoder(max_line_bytes=12, max_event_bytes=9, legacy_errors=True)

    whole = data.draw(stream_bytes())
    one, other = limited(), limited()
    assert run(one, data.draw(cuts(whole))) == run(other, [whole])
    assert (one.failure is None) == (other.failure is None)


def test_a_line_over_its_limit_comes_after_the_messages_before_it() -> None:
    decoder = Decoder(max_line_bytes=20)
    assert decoder.feed(b"data: 1\n\ndata: " + b"x" * 15 + b"\n\ndata: 2\n\n") == [m("1")]
    assert isinstance(decoder.failure, StreamError)
    assert (decoder.failure.code, decoder.failure.cause) == ("limit_exceeded", "event_too_large")
    assert decoder.feed(b"data: 3\n\n") == []
    assert decoder.close() == []


def test_a_line_of_just_the_limit_is_fine() -> None:
    decoder = Decoder(max_line_bytes=20, max_event_bytes=14)
    assert decoder.feed(b"data: " + b"x" * 14 + b"\n\n") == [m("x" * 14)]
    assert decoder.feed(b"data: " + b"x" * 15 + b"\n\n") == []
    assert decoder.failure


def test_many_short_lines_break_the_limit_of_a_message() -> None:
    decoder = Decoder(max_event_bytes=10)
    assert decoder.feed(b"data: 12345\n" * 3) == []
    assert decoder.failure


def test_a_line_that_never_ends_is_not_kept() -> None:
    decoder = Decoder(max_line_bytes=1000)
    for _ in range(100):
        assert decoder.feed(b"x" * 100) == []
    assert decoder.failure
    assert not decoder._partial


def test_the_error_field_of_old_llama_cpp_is_an_error_message() -> None:
    decoder = Decoder(legacy_errors=True)
    assert decoder.feed(b'error: {"code":500}\n\n') == [m('{"code":500}', event="error")]


@given(content=st.text(min_size=1), last_id=st.integers(0, 10**6))
def test_what_we_write_reads_back(content: str, last_id: int) -> None:
    for event in (Response(content), Thinking(content)):
        written = b"id: %d\ndata: %b\n\n" % (last_id, encode(event))
        (message,) = run(Decoder(), [written])
        assert (decode(message.data), message.id) == (event, str(last_id))
