import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_mlx.http1 import BadRequest, Request, RequestReader, response_head

POSTED = b"POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
BARE = b"\r\nGET / HTTP/1.0\r\nConnection: Keep-Alive, x\r\n\r\n"


@given(cuts=st.lists(st.integers(0, len(POSTED + CHUNKED + BARE))))
def test_any_split_gives_the_same_requests(cuts: list[int]) -> None:
    wire = POSTED + CHUNKED + BARE
    reader = RequestReader()
    requests: list[Request] = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), len(wire)], strict=True):
        requests += reader.feed(wire[start:stop])
    assert requests == [
        Request("POST", "/v1/x?a=1", "1.1", (("Host", "h"), ("Content-Length", "5")), b"hello"),
        Request("PUT", "/", "1.1", (("Transfer-Encoding", "chunked"),), b"hi"),
        Request("GET", "/", "1.0", (("Connection", "Keep-Alive, x"),), b""),
    ]


def test_a_target_is_a_path_and_a_query() -> None:
    (request,) = RequestReader().feed(POSTED)
    assert (request.path, request.query) == ("/v1/x", "a=1")


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [("1.1", "", True), ("1.1", "Close", False), ("1.0", "", False), ("1.0", "keep-alive", True)],
)
def test_a_connection_lives_on_as_its_version_says(
    version: str, connection: str, keeps: bool
) -> None:
    request = Request("GET", "/", version, (("Connection", connection),))
    assert request.keeps_alive is keeps


def test_a_client_waits_for_the_permission_to_send_its_body() -> None:
    reader = RequestReader()
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert reader.feed(head) == []
    assert reader.take_continue()
    assert not reader.take_continue()
    assert [request.body for request in reader.feed(b"hi")] == [b"hi"]


def test_a_body_that_came_at_once_needs_no_permission() -> None:
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
    assert not reader.take_continue()


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: \0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 70000, 431),
    ],
)
def test_what_is_no_clean_request_is_refused(wire: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        RequestReader().feed(wire)
    assert caught.value.status == status


def test_a_response_head_keeps_the_order_of_its_headers() -> None:
    head = response_head("1.0", 200, "OK", [("b", "1"), ("A", "é"), ("b", "2")])
    assert head == b"HTTP/1.0 200 OK\r\nb: 1\r\nA: \xe9\r\nb: 2\r\n\r\n"
    assert response_head("1.1", 299, "", []) == b"HTTP/1.1 299 \r\n\r\n"
