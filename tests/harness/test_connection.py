import socket

import pytest

from fake_process import FakeProcess, post, read_all

GET = b"GET /health HTTP/1.1\r\n\r\n"


def head(connection: socket.socket) -> bytes:
    """Return what comes up to and with the first blank line."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        data += connection.recv(1)
    return data


def test_requests_that_arrive_together_are_answered_one_after_the_other(
    fake: FakeProcess,
) -> None:
    data = fake.exchange(GET * 3 + b"GET /health HTTP/1.0\r\n\r\n")
    assert data.count(b"HTTP/1.1 200 OK") == 4
    assert data.count(b'{"status": "ok"}') == 4


def test_a_connection_is_used_again(fake: FakeProcess) -> None:
    with fake.connect() as connection:
        for _ in range(3):
            connection.sendall(post({"model": "kept"}))
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += connection.recv(1000)
            assert data.endswith(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_connection_ends_when_the_client_asked_for_that(fake: FakeProcess) -> None:
    data = fake.exchange(post({"model": "kept"}, headers="Connection: close\r\n"))
    assert data.endswith(b"0\r\n\r\n")


def test_a_client_that_asks_first_may_send_its_body(fake: FakeProcess) -> None:
    request = post({"model": "kept"}, headers="Expect: 100-continue\r\nConnection: close\r\n")
    asking, _, body = request.partition(b"\r\n\r\n")
    with fake.connect() as connection:
        connection.sendall(asking + b"\r\n\r\n")
        assert head(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert head(connection).startswith(b"HTTP/1.1 200 OK")


def test_a_chunked_request_is_understood(fake: FakeProcess) -> None:
    data = fake.exchange(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b'9\r\n{"model":\r\n8\r\n "kept"}\r\n0\r\n\r\n'
    )
    assert data.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (GET * 200, 400),
    ],
)
def test_a_bad_request_is_refused_and_the_connection_closed(
    fake: FakeProcess, request_bytes: bytes, status: int
) -> None:
    assert fake.exchange(request_bytes).startswith(b"HTTP/1.1 %d Refused" % status)


def test_nonsense_during_a_replay_ends_it_without_a_second_answer(fake: FakeProcess) -> None:
    with fake.connect() as connection:
        connection.sendall(post({"model": "hanging"}))
        assert head(connection).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(b"nonsense\r\n\r\n")
        assert read_all(connection) == b""
