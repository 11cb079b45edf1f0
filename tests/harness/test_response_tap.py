from datetime import UTC, datetime

from hypothesis import given

from fake_mlx.exchange import Cassette
from fake_mlx.http1 import Request
from fake_mlx.response_tap import ResponseTap
from laws import cuts

HEAD = b"HTTP/1.1 200 OK\r\nServer: s/1\r\nTransfer-Encoding: chunked\r\n\r\n"
WIRE = b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
REQUEST = Request("POST", "/v1/x?y=1", "1.1", (("Content-Type", "application/json"),), b'{"a":1}')


def tapped(*reads: bytes) -> Cassette:
    tap = ResponseTap(REQUEST, datetime(2026, 11, 21, tzinfo=UTC))
    for number, read in enumerate(reads):
        tap.data(read, number / 10)
    return tap.cassette("name", "eof", 9.0)


@given(reads=cuts(WIRE))
def test_any_split_of_an_answer_gives_the_same_exchange(reads: list[bytes]) -> None:
    cassette = tapped(*reads)
    assert [chunk.data for chunk in cassette.chunks] == [b"one", b"two"]
    assert cassette.header.response.status == 200
    assert cassette.header.source.server == "s/1"
    assert (cassette.end.t, cassette.end.end) == (9.0, "eof")


def test_the_request_is_kept_with_its_body() -> None:
    request = tapped(WIRE).header.request
    assert (request.method, request.path, request.json) == ("POST", "/v1/x", {"a": 1})


def test_a_body_shorter_than_it_said_did_not_end_well() -> None:
    cassette = tapped(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none")
    assert cassette.end.end == "fin-without-terminator"


def test_half_a_head_is_no_reply() -> None:
    cassette = tapped(HEAD[:20])
    assert (cassette.header.response.status, cassette.head, cassette.chunks) == (None, None, ())
