import json
import socket
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fake_mlx.chunked import TERMINATOR, ChunkedReader, frame
from fake_mlx.exchange import Cassette
from fake_mlx.http1 import response_head
from fake_mlx.library import SHIPPED, cassette_files, load, load_library, name_of
from fake_process import FakeProcess, post, read_all, running_fake
from handmade import chat

TESTED = Path(__file__).parents[1] / "cassettes"
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RESET = struct.pack("ii", 1, 0)


def wire_of(cassette: Cassette) -> bytes:
    """Return what a client must read of *cassette*, told apart from how the server does it."""
    response, ended = cassette.header.response, cassette.end.end == "eof"
    if response.status is None:
        return b""
    body = cassette.body
    if response.framing == "chunked":
        body = b"".join(frame(chunk.data) for chunk in cassette.chunks)
        body += TERMINATOR if ended else b""
    return response_head(response.http, response.status, response.reason, response.headers) + body


def wait_until(fake: FakeProcess, is_so: Callable[[Any], bool]) -> Any:
    """Return the newest entry of the journal once it *is_so*."""
    while not ((journal := fake.journal()) and is_so(journal[-1])):
        pass
    return journal[-1]


@pytest.mark.parametrize("folder", [SHIPPED, TESTED], ids=["shipped", "tested"])
def test_every_recording_is_served_byte_for_byte(folder: Path) -> None:
    with running_fake("--cassettes", folder, "--speed", "max") as fake:
        for name, cassette in load_library(folder).items():
            assert sha256(cassette.body).hexdigest() == cassette.header.sha256
            method = cassette.header.request.method
            if method == "HEAD":
                continue  # its Content-Length is that of a body that no POST would get
            request = post({"model": name}, headers="Connection: close\r\n")
            assert fake.exchange(request) == wire_of(cassette), name


@pytest.mark.parametrize("cut", ["whole", "bytes:1", "bytes:7", "random"])
@pytest.mark.parametrize("speed", ["max", "1000"])
def test_every_cut_gives_the_same_body(cut: str, speed: str) -> None:
    names = ["mlx_lm/hello", "mlx_openai_server/hello", "mlx_vlm/hello", "mlx_lm/plain_hello"]
    with running_fake("--cassettes", TESTED, "--speed", speed, "--rechunk", cut) as fake:
        for name in names:
            cassette = load(TESTED / f"{name}.cast.jsonl")
            request = post({"model": name}, headers="Connection: close\r\n")
            head, _, wire = fake.exchange(request).partition(b"\r\n\r\n")
            if cassette.header.response.framing == "chunked":
                chunks = ChunkedReader(1 << 30).feed(wire)
                wire = b"".join(chunks)
                _check_cut(cut, [len(chunk) for chunk in chunks])
            assert wire == cassette.body
            assert wire_of(cassette).startswith(head)


def _check_cut(cut: str, sizes: list[int]) -> None:
    if cut == "whole":
        assert len(sizes) == 1
    elif cut.startswith("bytes:"):
        width = int(cut.removeprefix("bytes:"))
        assert set(sizes[:-1]) == {width}
    else:
        assert len(set(sizes)) > 5


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("kept", HEAD + b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        ("closed", b"HTTP/1.0 200 OK\r\n\r\nonetwo"),
        ("sized", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nonetwo"),
        ("cut", HEAD + b"3\r\none\r\n"),
        ("left", HEAD + b"3\r\none\r\n"),
        ("timed_out", HEAD + b"3\r\none\r\n"),
        ("silent", b""),
    ],
)
def test_head_body_and_end_are_exact(fake: FakeProcess, name: str, wire: bytes) -> None:
    request = post({"model": name}, path="/any/path", headers="Connection: close\r\n")
    assert fake.exchange(request) == wire
    entry = wait_until(fake, lambda entry: entry["state"] == "done")
    assert (entry["cassette"], entry["bytes"]) == (name, entry["total_bytes"])


def test_a_recorded_reset_is_a_reset_behind_all_bytes(fake: FakeProcess) -> None:
    with fake.connect() as connection:
        connection.sendall(post({"model": "reset"}))
        data, expected = b"", HEAD + b"3\r\none\r\n"
        while len(data) < len(expected):
            data += connection.recv(1000)
        assert data == expected
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_reset_may_come_before_any_byte(fake: FakeProcess) -> None:
    with pytest.raises(ConnectionResetError):
        fake.chat({"model": "reset_at_once"})


@pytest.mark.parametrize("name", ["hanging", "late"])
@pytest.mark.parametrize("how", ["fin", "reset"])
def test_a_client_that_leaves_is_seen_also_before_the_first_byte(
    fake: FakeProcess, name: str, how: str
) -> None:
    connection = fake.connect()
    connection.sendall(post({"model": name}))
    wait_until(fake, lambda entry: entry["state"] == "streaming")
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()
    entry = wait_until(fake, lambda entry: entry["state"] == "client_left")
    assert entry["client_left_ms"] > 0
    assert (entry["bytes"], entry["cassette"]) == (0, name)


def test_a_client_that_does_not_read_is_waited_for(fake: FakeProcess, made: Path) -> None:
    body = load(made / "wide.cast.jsonl").body
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(fake.address)
        connection.sendall(post({"model": "wide"}, headers="Connection: close\r\n"))
        entry = wait_until(fake, lambda entry: entry["bytes"] > 0)
        assert entry["state"] == "streaming"
        assert entry["bytes"] < len(body)
        wire = read_all(connection).partition(b"\r\n\r\n")[2]
    assert b"".join(ChunkedReader(1 << 30).feed(wire)) == body


def test_many_streams_at_once_each_get_their_own_bytes(made: Path) -> None:
    names = ["kept", "closed", "sized", "cut"]
    expected = {name: wire_of(load(made / f"{name}.cast.jsonl")) for name in names}
    with running_fake("--cassettes", made) as fake:
        asked = [(names[number % 4], fake.connect()) for number in range(200)]
        for name, connection in asked:
            connection.sendall(post({"model": name}, headers="Connection: close\r\n"))
        for name, connection in asked:
            assert read_all(connection) == expected[name]
            connection.close()
        journal = fake.journal()
    assert [entry["cassette"] for entry in journal] == [name for name, _ in asked]
    assert {entry["state"] for entry in journal} == {"done"}


LARGE = 64 * 1024 * 1024


def sent_before_it_jams(fake: FakeProcess, connection: socket.socket, data: bytes) -> int:
    """Return how much of *data* the kernel took before the fake had read nothing for long."""
    connection.setblocking(False)
    sent, rounds = 0, 0
    while sent < len(data) and rounds < 20:
        try:
            sent += connection.send(data[sent : sent + 65536])
            rounds = 0
        except BlockingIOError:
            fake.get("/health")  # the fake has had its turn: it would have read by now
            rounds += 1
    return sent


@pytest.mark.parametrize("model", ["kept!deaf", "kept!stall!deaf", "closed"])
def test_one_request_may_meet_a_server_that_never_reads(fake: FakeProcess, model: str) -> None:
    configure(fake, {"models": {"closed": ["deaf"]}})
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LARGE
    with fake.connect() as connection:
        connection.sendall(head + json.dumps({"model": model}).encode()[:-1])
        assert sent_before_it_jams(fake, connection, b" " * LARGE) < LARGE
    request = post(chat("kept"), headers="Connection: close\r\n")
    assert fake.exchange(request).endswith(TERMINATOR)
    configure(fake, {})


def test_a_server_that_only_hangs_reads_all_of_it(fake: FakeProcess) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % LARGE
    with fake.connect() as connection:
        connection.sendall(head + json.dumps({"model": "kept!hang"}).encode()[:-1])
        assert sent_before_it_jams(fake, connection, b" " * (LARGE // 2)) == LARGE // 2


@pytest.mark.parametrize("body", [chat("kept!deaf"), {"messages": [], "model": "kept!deaf"}])
def test_a_deaf_server_does_not_answer_a_small_request_either(
    fake: FakeProcess, body: dict[str, Any]
) -> None:
    with fake.connect() as connection:
        connection.sendall(post(body))
        fake.get("/health")
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
    assert [entry["path"] for entry in fake.journal()] == ["/health"]


@pytest.mark.parametrize("text", ['say "model": "kept!deaf"', "kept!deaf"])
def test_a_text_that_speaks_of_deafness_is_heard(fake: FakeProcess, text: str) -> None:
    request = post(chat("kept", text), headers="Connection: close\r\n")
    assert fake.exchange(request).endswith(TERMINATOR)


def configure(fake: FakeProcess, control: dict[str, Any]) -> None:
    answer = fake.exchange(post(control, "/_fake/config", headers="Connection: close\r\n"))
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_folder_answers_by_the_last_message_else_in_turn(fake: FakeProcess) -> None:
    for message in ("second", "second", "first", "new", "new", "new"):
        fake.exchange(post(chat("turns", message), headers="Connection: close\r\n"))
    assert [entry["cassette"] for entry in fake.journal()] == [
        "turns/two",
        "turns/two",
        "turns/one",
        "turns/one",
        "turns/two",
        "turns/one",
    ]


@pytest.mark.parametrize("body", [b"", b"no json", b'{"model": "kepd", "seed": 1}'])
def test_a_miss_is_599_with_a_diff_to_the_nearest(fake: FakeProcess, body: bytes) -> None:
    request = b"POST /v1/chat/completions HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n"
    data = fake.exchange(request % len(body) + b"\r\n" + body)
    head, _, answer = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 599 No Cassette\r\nContent-Type: application/json\r\n")
    lines = json.loads(answer)["error"].splitlines()
    assert lines[0].startswith("No cassette")
    assert any(line.startswith("+++") for line in lines)
    assert ('-    "model": "kept",' in lines) is (b"kepd" in body)


def test_the_models_are_the_cassettes_and_their_folders(fake: FakeProcess, made: Path) -> None:
    names = {name_of(file, made) for file in cassette_files(made)}
    models = fake.get("/v1/models")
    assert models["object"] == "list"
    assert {model["id"] for model in models["data"]} == names | {"turns"}


def test_the_fake_is_healthy(fake: FakeProcess) -> None:
    assert fake.get("/health") == {"status": "ok"}


def test_the_journal_tells_what_came_without_secrets(fake: FakeProcess) -> None:
    body = chat("kept", top_k=3)
    secret = "Authorization: Bearer hush\r\nConnection: close\r\n"
    fake.exchange(post(body, "/v1/chat/completions?a=1", headers=secret))
    (entry,) = fake.journal(stamps=True)
    assert entry["method"] == "POST"
    assert entry["path"] == "/v1/chat/completions?a=1"
    assert entry["body"] == body
    assert ["Authorization", "(redacted)"] in entry["headers"]
    assert (entry["model"], entry["cassette"], entry["status"]) == ("kept", "kept", 200)
    assert (entry["bytes"], entry["chunks"], len(entry["sent_at"])) == (6, 2, 2)
    assert entry["started"] <= entry["sent_at"][0] <= entry["finished"]
    assert "sent_at" not in fake.journal()[0]


def test_the_journal_is_emptied_on_request(fake: FakeProcess) -> None:
    fake.get("/health")
    assert fake.get("/_fake/journal", "DELETE") == {"cleared": 1}
    assert fake.journal() == []
    assert "error" in fake.get("/_fake/journal", "PUT")
    assert "error" in fake.get("/_fake/else")
