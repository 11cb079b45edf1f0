"""A real MLX server, recorded and replayed: not one byte differs, heads included."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_mlx.exchange import Cassette
from fake_mlx.library import load_library
from fake_process import PATIENCE, FakeProcess, post, run, running_fake
from handmade import chat

pytestmark = pytest.mark.mlx

MODEL = "default_model"
ASKED: dict[str, dict[str, Any]] = {
    "stream": chat(MODEL, "Hello!", stream_options={"include_usage": True}),
    "emoji and CJK": chat(MODEL, "Say hello in Chinese."),
    "cut by max_tokens": chat(MODEL, "Hello! How are you?", max_tokens=5),
    "no stream": chat(MODEL, "Hello there!", stream=False),
    "no such model": chat("no/such-model"),
    "bad type": chat(MODEL, "Hello?", max_tokens="many"),
    "no JSON that it takes": {"messages": 5},
}


class Recording:
    """What a recorder relayed of each exchange, and the folder with its cassettes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.relayed: dict[str, bytes] = {}
        self.names: dict[str, str] = {}

    def cassette(self, what: str) -> Cassette:
        return load_library(self.folder)[self.names[what]]


@pytest.fixture(scope="module")
def recording(mlx: FakeProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """Every exchange of ASKED, and one whose client left midway, recorded from a real server."""
    recording = Recording(tmp_path_factory.mktemp("recorded"))
    arguments = ("--upstream", mlx.url, "--out", recording.folder, "--mode", "all")
    with running_fake(*arguments, command="record") as recorder:
        for what, body in ASKED.items():
            recording.relayed[what] = recorder.exchange(post(body))
            recording.names[what] = newest(recording)
        recording.relayed["left"] = leave_midway(recorder)
        recording.names["left"] = newest(recording)
        yield recording


def newest(recording: Recording) -> str:
    """Return the name of the cassette that was written last, once it is there."""
    known = set(recording.names.values())
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        names = {file.name.partition(".")[0] for file in recording.folder.glob("*.cast.jsonl")}
        if names - known:
            [name] = names - known
            return name
    raise AssertionError("the recorder wrote no cassette")


def leave_midway(recorder: FakeProcess) -> bytes:
    """Ask for a story, read some of it, and go; return what was read."""
    with recorder.connect() as connection:
        connection.sendall(post(chat(MODEL, "Count for ever.", max_tokens=100_000)))
        came = b""
        while came.count(b"data: ") < 10:
            came += connection.recv(4096)
    return came


@pytest.mark.parametrize("what", ASKED)
def test_record_then_replay_is_byte_identical(recording: Recording, what: str) -> None:
    asked = ASKED[what] | {"model": recording.names[what]}
    with running_fake("--cassettes", recording.folder, "--speed", "max") as fake:
        assert fake.exchange(post(asked)) == recording.relayed[what]


@pytest.mark.parametrize("rechunk", ["whole", "bytes:7", "random"])
def test_other_cuts_and_paces_are_the_same_bytes(recording: Recording, rechunk: str) -> None:
    arguments = ("--cassettes", recording.folder, "--speed", "4", "--rechunk", rechunk)
    with running_fake(*arguments) as fake:
        for what, name in recording.names.items():
            if what != "left":
                asked = ASKED[what] | {"model": name}
                assert fake.exchange(post(asked)) == recording.relayed[what]


def test_the_recorder_replays_what_it_recorded(recording: Recording) -> None:
    arguments = ("--upstream", "http://127.0.0.1:9", "--out", recording.folder, "--mode", "none")
    with running_fake(*arguments, command="record") as replayer:
        for what, body in ASKED.items():
            assert replayer.exchange(post(body)) == recording.relayed[what], what


def test_a_client_that_left_midway_got_the_start_of_what_was_recorded(
    recording: Recording,
) -> None:
    cassette = recording.cassette("left")
    assert (cassette.end.end, cassette.end.by) == ("client-closed", "downstream")
    with running_fake("--cassettes", recording.folder, "--speed", "max") as fake:
        replayed = fake.exchange(post(chat(recording.names["left"])))
    assert replayed.endswith(cassette.body)
    assert replayed.startswith(recording.relayed["left"])


def test_a_real_server_that_was_recorded_looks_as_it_is_known_to(recording: Recording) -> None:
    stream, whole = recording.cassette("stream"), recording.cassette("no stream")
    assert (stream.header.response.http, stream.header.response.framing) == ("1.0", "close")
    assert stream.body.endswith(b"data: [DONE]\n\n")
    assert whole.header.response.framing == "content-length"
    assert recording.cassette("no such model").header.response.status == 404
    assert recording.cassette("bad type").header.response.status == 400


def test_what_was_recorded_passes_the_check(recording: Recording) -> None:
    done = run("check", recording.folder)
    assert done.returncode == 0, done.stderr + done.stdout
