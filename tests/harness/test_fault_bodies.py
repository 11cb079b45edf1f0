import gzip

from hypothesis import given
from hypothesis import strategies as st

from fake_mlx import fault_bodies as bodies
from fake_mlx.exchange import Cassette, stamp
from handmade import handmade

HELLO = b'data: {"choices": [{"delta": {"content": "\\u00e9\\u20ac"}}]}\n\n'
STREAM = handmade(HELLO, bodies.STOP, bodies.DONE)


def pieces(cassette: Cassette) -> list[bytes]:
    return [chunk.data for chunk in cassette.chunks]


@given(byte=st.integers(0, len(STREAM.body) + 5))
def test_a_cut_keeps_the_bytes_before_it(byte: int) -> None:
    cut = bodies.cut(STREAM, byte, "reset")
    assert cut.body == STREAM.body[:byte]
    assert cut.end.end == "reset"
    assert stamp(cut) == cut


def test_text_in_utf8_is_cut_inside_each_character() -> None:
    raw = bodies.in_utf8(STREAM)
    assert "é€".encode() in raw.body
    assert [piece[:1] for piece in pieces(raw)[1:4]] == [b"\xa9", b"\x82", b"\xac"]


def test_a_stream_without_a_finish_has_its_text_and_its_done() -> None:
    assert pieces(bodies.without_finish(STREAM)) == [HELLO, bodies.DONE]


def test_messages_go_in_behind_a_chunk_or_end_the_stream_there() -> None:
    assert pieces(bodies.inserted(STREAM, 1, b"x"))[:3] == [HELLO, b"x", bodies.STOP]
    assert pieces(bodies.ended_by(STREAM, 1, b"x")) == [HELLO, b"x"]


def test_chunks_merge_into_groups() -> None:
    assert pieces(bodies.merged(STREAM, 2)) == [HELLO + bodies.STOP, bodies.DONE]


def test_a_byte_order_mark_comes_first() -> None:
    assert bodies.with_bom(STREAM).body == bodies.BOM + STREAM.body


def test_a_packed_body_unpacks_to_the_same_and_a_lie_is_not_packed() -> None:
    honest = bodies.packed(STREAM, honestly=True)
    assert gzip.decompress(honest.body) == STREAM.body
    lie = bodies.packed(STREAM, honestly=False)
    assert lie.body == STREAM.body
    assert ("Content-Encoding", "gzip") in lie.header.response.headers


def test_framing_changes_and_the_body_does_not() -> None:
    closed = bodies.close_delimited(STREAM)
    assert (closed.header.response.http, closed.header.response.headers) == ("1.0", ())
    again = bodies.chunked(closed)
    assert again.header.response == STREAM.header.response
    assert again.body == closed.body == STREAM.body


def test_a_content_type_is_another_or_none() -> None:
    html = bodies.media_type(STREAM, "text/html")
    assert ("Content-Type", "text/html") in html.header.response.headers
    assert bodies.media_type(html, None).header.response == STREAM.header.response
