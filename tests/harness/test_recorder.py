import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fake_mlx.exchange import Cassette
from fake_mlx.library import SHIPPED, load_library
from fake_process import FakeProcess, post, running_fake
from handmade import chat
from tls import tls_before

CLOSE = "Connection: close\r\n"


@contextmanager
def recording(
    upstream: str, folder: Path, mode: str = "new", ca: Path | None = None
) -> Iterator[FakeProcess]:
    trust = ("--ca", ca) if ca else ()
    arguments = ("--upstream", upstream, "--out", folder, "--mode", mode, *trust)
    with running_fake(*arguments, command="record") as recorder:
        yield recorder


@pytest.fixture(scope="module")
def shipped() -> Iterator[FakeProcess]:
    with running_fake("--speed", "max") as fake:
        yield fake


def until_recorded(folder: Path, count: int = 1) -> dict[str, Cassette]:
    while len(list(folder.glob("*.cast.jsonl"))) < count:
        pass
    return load_library(folder)


def test_a_recorded_replay_is_its_cassette_again(shipped: FakeProcess, tmp_path: Path) -> None:
    seen: set[str] = set()
    with recording(shipped.url, tmp_path, "all") as recorder:
        for name, original in load_library(SHIPPED).items():
            request = post({"model": name}, headers=CLOSE)
            assert recorder.exchange(request) == shipped.exchange(request), name
            copies = until_recorded(tmp_path, len(seen) + 1)
            [new] = copies.keys() - seen
            seen.add(new)
            check_copy(copies[new], original)


def check_copy(copy: Cassette, original: Cassette) -> None:
    assert copy.body == original.body
    assert copy.header.sha256 == original.header.sha256
    assert copy.header.response.status == original.header.response.status
    assert copy.header.response.framing == original.header.response.framing


def test_record_then_replay_is_byte_identical(shipped: FakeProcess, tmp_path: Path) -> None:
    request = post(chat("mlx_lm/hello"), headers=CLOSE)
    with recording(shipped.url, tmp_path) as recorder:
        relayed = recorder.exchange(request)
        until_recorded(tmp_path)
    with recording("http://127.0.0.1:9", tmp_path, "none") as replayer:
        assert replayer.exchange(request) == relayed
        missed = replayer.exchange(post(chat("mlx_lm/hello", "other"), headers=CLOSE))
    assert missed.startswith(b"HTTP/1.1 599 ")
    assert b"The nearest cassette is" in missed


def test_a_client_that_leaves_is_recorded_as_far_as_it_got(
    made: Path, fake: FakeProcess, tmp_path: Path
) -> None:
    with recording(fake.url, tmp_path) as recorder:
        with recorder.connect() as connection:
            connection.sendall(post(chat("hanging")))
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        [cassette] = until_recorded(tmp_path).values()
    assert (cassette.end.end, cassette.end.by) == ("client-closed", "downstream")


@pytest.mark.parametrize(
    ("name", "ending"), [("cut", "fin-without-terminator"), ("kept", "eof"), ("silent", "eof")]
)
def test_how_an_exchange_ended_is_kept(
    fake: FakeProcess, tmp_path: Path, name: str, ending: str
) -> None:
    with recording(fake.url, tmp_path) as recorder:
        recorder.chat(chat(name))
        [cassette] = until_recorded(tmp_path).values()
    assert cassette.end.end == ending


def test_secrets_of_a_request_are_not_kept(fake: FakeProcess, tmp_path: Path) -> None:
    with recording(fake.url, tmp_path) as recorder:
        recorder.exchange(post(chat("kept"), headers="Authorization: Bearer hush\r\n" + CLOSE))
        until_recorded(tmp_path)
    [file] = tmp_path.glob("*.cast.jsonl")
    assert "hush" not in file.read_text()


def test_an_upstream_that_is_not_there_is_said(tmp_path: Path) -> None:
    with running_fake() as gone:
        pass
    with recording(gone.url, tmp_path) as recorder:
        assert recorder.chat(chat("m")).startswith(b"HTTP/1.1 502 ")
    assert not list(tmp_path.iterdir())


async def test_an_https_upstream_is_recorded_like_any_other(
    fake: FakeProcess, tmp_path: Path, certificate: Path
) -> None:
    request = post(chat("kept"), headers=CLOSE)
    async with tls_before(fake, certificate) as url:
        with recording(url, tmp_path, ca=certificate) as recorder:
            relayed = await asyncio.to_thread(recorder.exchange, request)
            [cassette] = until_recorded(tmp_path).values()
    assert relayed == fake.exchange(request)
    assert cassette.body == b"onetwo"


async def test_a_client_that_leaves_ends_the_tls_connection_at_once(
    fake: FakeProcess, tmp_path: Path, certificate: Path
) -> None:
    async with tls_before(fake, certificate) as url:
        with recording(url, tmp_path, ca=certificate) as recorder:
            await asyncio.to_thread(leave_a_hanging_one, recorder)
            [entry] = await asyncio.to_thread(fake.settled_journal)
    assert entry["state"] == "client_left"


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    fake: FakeProcess, tmp_path: Path, certificate: Path
) -> None:
    async with tls_before(fake, certificate) as url:
        with recording(url, tmp_path) as recorder:
            answer = await asyncio.to_thread(recorder.chat, chat("kept"))
    assert b"502" in answer.partition(b"\r\n")[0]
    assert b"its certificate is refused" in answer
    assert fake.journal() == []


def leave_a_hanging_one(recorder: FakeProcess) -> None:
    with recorder.connect() as connection:
        connection.sendall(post(chat("hanging")))
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_rewrite_empties_the_folder_and_all_adds_to_it(fake: FakeProcess, tmp_path: Path) -> None:
    for mode, count in (("all", 1), ("all", 2), ("rewrite", 1), ("once", 1), ("new", 1)):
        with recording(fake.url, tmp_path, mode) as recorder:
            assert recorder.chat(chat("closed")).endswith(b"onetwo")
            assert len(until_recorded(tmp_path, count)) == count
