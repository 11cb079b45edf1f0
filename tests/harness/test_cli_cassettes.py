import json
import subprocess
import sys
from pathlib import Path

import pytest

from fake_mlx.cassette import dumps
from fake_mlx.library import SHIPPED, load, save
from fake_process import PATIENCE, run
from handmade import chat, handmade

RECORDING = Path(__file__).parents[2] / "../shared/recordings/mlx_lm/hello.jsonl"


def damaged(folder: Path) -> Path:
    """Return a cassette whose body was edited by hand."""
    file = folder / "damaged.cast.jsonl"
    file.write_bytes(dumps(handmade(b"before")).replace(b'"s":"before"', b'"s":"edited"'))
    return file


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


def test_check_names_the_line_and_the_kind_of_a_key_but_not_the_key(tmp_path: Path) -> None:
    key = "sk-" + "abcdefghijklmnop"
    file = tmp_path / "leak.cast.jsonl"
    save(handmade(b"one", key.encode(), body=chat("m", f"Bearer {key}123")), file)
    done = run("check", tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["0 good, 1 bad"]
    assert done.stderr.splitlines() == [
        f"{file}:1: this looks like a bearer token",
        f"{file}:1: this looks like an API key (sk-...)",
        f"{file}:4: this looks like an API key (sk-...)",
    ]


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


def test_import_knows_a_format_by_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "raw.sse").write_text("data: 1\n\n")
    (tmp_path / "lines.chunks.txt").write_text('{"a":1}\n')
    done = run("import", tmp_path / "raw.sse", tmp_path / "lines.chunks.txt", "--out", tmp_path)
    assert done.stdout == "2 imported, 0 failed\n"
    assert load(tmp_path / "raw.cast.jsonl").body == b"data: 1\n\n"
    assert load(tmp_path / "lines.cast.jsonl").body == b'data: {"a":1}\n\ndata: [DONE]\n\n'


def test_show_draws_a_line_for_each_chunk_and_is_plain_without_a_terminal() -> None:
    done = run("show", "mlx_lm/hello")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 17 + 2
    assert "200 OK" in lines[0]
    assert any(" thinking " in line for line in lines)
    assert any(" answer " in line for line in lines)
    assert "\x1b" not in done.stdout


def test_show_of_nothing_is_one_clear_line() -> None:
    assert run("show", "nothing").stderr.startswith("fake-mlx: nothing: ")
