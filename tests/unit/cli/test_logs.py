"""``mlx-relay logs``: what is read, what is shown, and how a log is followed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.records import encode_line
from unit.cli.conftest import Command, assert_one_line
from unit.cli.log_samples import NOON, end

ENDS = [
    end("s1", 1, tokens=80, seconds=5.0, first_event=1.0),
    end("s2", 2, user="bob"),
    end("s3", 3, profile="llama", kind="error", code="upstream_timeout", cause="idle"),
    end("s4", 4, kind="lost", code="internal", cause="killed"),
]


@pytest.fixture
def names(data_dir: Path) -> LogNames:
    """The log of four streams, in an old file and in two live ones."""
    names = LogNames(data_dir / "logs" / "streams.jsonl")
    names.path.parent.mkdir(parents=True)
    names.new_old(1, NOON).write_bytes(encode_line(ENDS[0]))
    names.live(1).write_bytes(encode_line(ENDS[2]))
    names.live(2).write_bytes(encode_line(ENDS[1]) + encode_line(ENDS[3]))
    return names


def shown(command: Command, *arguments: str) -> str:
    """Return the ids of the streams that are shown, in their order."""
    ran = command("logs", "--json", *arguments)
    assert ran.code == 0
    return " ".join(json.loads(line)["stream_id"] for line in ran.out.splitlines())


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ((), "s1 s2 s3 s4"),
        (("--user", "bob"), "s2"),
        (("--profile", "qwen"), "s1 s2 s4"),
        (("--outcome", "lost"), "s4"),
        (("--outcome", "upstream_timeout"), "s3"),
        (("--since", "2026-01-02T12:03"), "s3 s4"),
        (("--since", "1h"), ""),
        (("--last", "2"), "s3 s4"),
        (("--profile", "qwen", "--last", "1", "--user", "ada"), "s4"),
    ],
)
def test_only_what_is_asked_for_is_shown(
    command: Command, arguments: tuple[str, ...], ids: str
) -> None:
    assert shown(command, *arguments) == ids


@pytest.mark.usefixtures("names")
def test_the_table_has_a_line_for_each_stream_and_nothing_is_cut(command: Command) -> None:
    heading, *lines = command("logs").out.splitlines()
    assert heading.startswith("ENDED (UTC)")
    assert [line.split()[-1] for line in lines] == ["s1", "s2", "s3", "s4"]
    assert "upstream_timeout/idle" in lines[2]


@pytest.mark.usefixtures("names")
def test_the_summary_is_a_table_or_json(command: Command) -> None:
    assert [line.split()[0] for line in command("logs", "--summary").out.splitlines()] == [
        "PROFILE",
        "qwen",
        "llama",
    ]
    found: list[dict[str, Any]] = json.loads(command("logs", "--summary", "--json").out)
    assert [profile["streams"] for profile in found] == [3, 1]


def test_the_log_may_be_elsewhere(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text(f'[sink.log]\npath = "{tmp_path / "elsewhere.jsonl"}"\n')
    (tmp_path / "elsewhere.jsonl").write_bytes(encode_line(ENDS[0]))
    assert shown(command, "--config", str(config)) == "s1"


def test_a_log_that_is_not_there_yet_is_told(command: Command, data_dir: Path) -> None:
    ran = command("logs", "--json")
    assert (ran.code, ran.out) == (0, "")
    assert str(data_dir / "logs" / "streams.jsonl") in ran.err


def test_a_log_that_cannot_be_read_is_one_line(command: Command, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "logs").write_text("")
    ran = command("logs")
    assert ran.code == 1
    assert_one_line(ran, str(data_dir / "logs" / "streams.jsonl"))


def test_lines_that_cannot_be_read_are_counted(command: Command, names: LogNames) -> None:
    names.live(1).write_bytes(b'{"record":"stream_ended"}\n' + encode_line(ENDS[2]))
    ran = command("logs")
    assert ran.code == 0
    assert "1 lines are no records" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("--outcome", "good"), ("--since", "soon"), ("--last", "0"), ("--follow", "--summary")],
)
def test_what_cannot_be_asked_is_wrong_usage(command: Command, arguments: tuple[str, ...]) -> None:
    assert command("logs", *arguments).code == 2


def test_a_wrong_setting_is_one_line(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text("[sink.log]\ncontents = 1\n")
    ran = command("logs", "--config", str(config))
    assert ran.code == 78
    assert_one_line(ran, "sink.log", "contents")


def test_the_schema_is_json(command: Command) -> None:
    assert "StreamEnded" in json.loads(command("logs", "--schema").out)["$defs"]


def test_following_goes_on_when_the_file_is_turned_until_ctrl_c(
    data_dir: Path, names: LogNames
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "mlx_relay", "logs", "--follow", "--last", "1", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "MLX_RELAY_DATA_DIR": str(data_dir)},
    ) as process:
        try:
            assert process.stdout is not None
            assert b'"s4"' in process.stdout.readline()
            with names.live(1).open("ab") as file:
                file.write(encode_line(end("s5", 5)))
            names.live(1).rename(names.new_old(1, NOON))
            names.live(1).write_bytes(encode_line(end("s6", 6)))
            assert b'"s5"' in process.stdout.readline()
            assert b'"s6"' in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (130, b"", b"")
