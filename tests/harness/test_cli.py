import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fake_mlx.cassette import dumps
from fake_mlx.library import SHIPPED, load, save
from fake_process import PATIENCE, post, running_fake
from handmade import handmade

RECORDING = Path(__file__).parents[2] / "../shared/recordings/mlx_lm/hello.jsonl"


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "fake_mlx", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=os.environ
    )


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text


def damaged(folder: Path) -> Path:
    """Return a cassette whose body was edited by hand."""
    file = folder / "damaged.cast.jsonl"
    file.write_bytes(dumps(handmade(b"before")).replace(b'"s":"before"', b'"s":"edited"'))
    return file


def test_the_shipped_cassettes_are_served_without_a_word() -> None:
    with running_fake("--speed", "max") as fake:
        data = fake.chat({"model": "mlx_lm/hello"})
    assert data.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_in_peace_also_in_mid_stream(
    made: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "fake_mlx", "serve", "--port", "0", "--cassettes", str(made)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(post({"model": "hanging"}))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "the port is in use" in done.stderr
    assert one_line(done.stderr)


def test_an_address_that_is_not_ours_is_one_clear_line() -> None:
    done = run("serve", "--port", "0", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert one_line(done.stderr)


def test_a_folder_that_cannot_be_served_is_a_bad_configuration(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing", damaged(tmp_path).parent):
        done = run("serve", "--cassettes", folder)
        assert done.returncode == 78
        assert one_line(done.stderr)
        assert str(folder) in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--speed", "fast"),
        ("--speed", "0"),
        ("--rechunk", "bytes:0"),
        ("--port", "65536"),
        ("--fault", "rest"),
        ("more",),
    ],
)
def test_wrong_usage_is_said_and_exits_2(arguments: tuple[str, ...]) -> None:
    done = run("serve", *arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_names_every_cassette_and_counts(tmp_path: Path) -> None:
    save(handmade(b"x"), tmp_path / "one.cast.jsonl")
    save(handmade(status=None, framing="close"), tmp_path / "two.cast.jsonl")
    done = run("check", tmp_path, SHIPPED / "mlx_lm/hello.cast.jsonl")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{tmp_path}/one.cast.jsonl: 200, 1 chunks, 1 bytes, eof",
        f"{tmp_path}/two.cast.jsonl: no reply, 0 chunks, 0 bytes, eof",
        f"{SHIPPED}/mlx_lm/hello.cast.jsonl: 200, 17 chunks, 16952 bytes, eof",
        "3 good, 0 bad",
    ]


def test_check_says_what_is_bad_and_goes_on(tmp_path: Path) -> None:
    save(handmade(b"x"), tmp_path / "good.cast.jsonl")
    file = damaged(tmp_path)
    done = run("check", tmp_path, tmp_path / "missing")
    assert done.returncode == 1
    wrong, missing = done.stderr.splitlines()
    assert wrong.startswith(f"{file}:1: the body has the hash ")
    assert missing == f"{tmp_path}/missing: no such file or folder"
    assert done.stdout.splitlines()[-1] == "1 good, 2 bad"


def test_an_edit_by_hand_is_stamped_only_on_request(tmp_path: Path) -> None:
    file = damaged(tmp_path)
    assert run("check", file).returncode == 1
    assert run("check", "--restamp", file).returncode == 0
    assert run("check", file).returncode == 0
    assert load(file).body == b"edited"


def test_cat_writes_the_raw_body() -> None:
    done = run("cat", "mlx_lm/hello")
    assert done.stdout.encode() == load(SHIPPED / "mlx_lm/hello.cast.jsonl").body


def test_cat_ends_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    save(handmade(b"x" * 10_000_000), tmp_path / "long.cast.jsonl")
    command = [sys.executable, "-m", "fake_mlx", "cat", str(tmp_path / "long.cast.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(3) == b"xxx"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 0


def test_cat_of_nothing_is_one_clear_line() -> None:
    done = run("cat", "nothing")
    assert done.returncode == 1
    assert done.stderr == "fake-mlx: nothing: neither a file nor a shipped cassette\n"


@pytest.mark.skipif(not RECORDING.exists(), reason="the shared test data is not here")
def test_import_makes_cassettes_named_after_the_files(tmp_path: Path) -> None:
    done = run("import", RECORDING, "--out", tmp_path / "new")
    assert done.returncode == 0
    assert done.stdout == "1 imported, 0 failed\n"
    (file,) = (tmp_path / "new").iterdir()
    assert file.name == "hello.cast.jsonl"
    assert load(file).header.name == "hello"


def test_import_says_what_is_bad_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text(json.dumps({"kind": "header"}) + "\n")
    done = run("import", tmp_path / "bad.jsonl", tmp_path / "gone.jsonl", "--out", tmp_path / "new")
    assert done.returncode == 1
    bad, gone = done.stderr.splitlines()
    assert bad.startswith(f"{tmp_path}/bad.jsonl:1: ")
    assert gone.startswith(f"{tmp_path}/gone.jsonl: ")
    assert not (tmp_path / "new").exists()


def test_import_refuses_two_files_for_one_name(tmp_path: Path) -> None:
    done = run("import", "a/same.jsonl", "b/same.jsonl", "--out", tmp_path / "new")
    assert done.returncode == 1
    assert done.stderr == "fake-mlx: several files would become same.cast.jsonl\n"
