"""``mlx-relay parse`` as what it is: one end of a pipe."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings

from laws import cuts
from support.processes import run

CHUNK = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'
BODY = (
    CHUNK % b"<think>why</think>42"
    + b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
    + b"data: [DONE]\n\n"
)


@contextmanager
def parsing(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "mlx_relay", "parse", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        yield process


def parse(pieces: list[bytes], *options: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the events of *pieces*, written one by one."""
    with parsing(*options) as process:
        assert process.stdin is not None
        for piece in pieces:
            process.stdin.write(piece)
        out, err = process.communicate()
        assert err == b""
        return process.returncode, [json.loads(line) for line in out.splitlines()]


def text(events: list[dict[str, Any]], kind: str) -> str:
    return "".join(event["content"] for event in events if event["type"] == kind)


def test_a_stream_becomes_its_events_and_done_is_success() -> None:
    code, events = parse([BODY])
    assert code == 0
    assert [event["type"] for event in events] == [
        *("thinking", "thinking_done", "response", "done")
    ]
    assert events[-1] == {"type": "done", "finish_reason": "stop"}


@given(pieces=cuts(BODY))
@settings(max_examples=5, deadline=None)
def test_any_split_gives_the_same_text(pieces: list[bytes]) -> None:
    code, events = parse(pieces)
    assert code == 0
    assert (text(events, "thinking"), text(events, "response")) == ("why", "42")


def test_events_come_out_before_the_input_ends() -> None:
    with parsing("--reasoning-parser", "none") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(CHUNK % b"now")
        assert json.loads(process.stdout.readline()) == {"type": "response", "content": "now"}


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    code, events = parse([CHUNK % b"a"])
    assert code == 1
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "upstream_truncated")


def test_no_input_at_all_is_a_failure() -> None:
    code, events = parse([])
    assert (code, len(events)) == (1, 1)


def test_what_follows_the_end_is_read_and_ignored() -> None:
    code, events = parse([BODY, CHUNK % b"late"])
    assert code == 0
    assert text(events, "response") == "42"


def test_none_leaves_tags_in_the_text() -> None:
    _, events = parse([BODY], "--reasoning-parser", "none")
    assert text(events, "response") == "<think>why</think>42"


@pytest.mark.parametrize(
    ("option", "thinking"), [("--starts-in-thinking", "a"), ("--no-starts-in-thinking", "")]
)
def test_a_text_may_begin_inside_the_reasoning(option: str, thinking: str) -> None:
    _, events = parse([CHUNK % b"a"], option)
    assert text(events, "thinking") == thinking


@pytest.mark.parametrize("option", ["--reasoning-parser", "--tool-parser"])
def test_an_unknown_parser_is_wrong_usage_with_the_nearest_names(option: str) -> None:
    done = run("mlx_relay", "parse", option, "qwne3")
    assert (done.returncode, done.stdout) == (2, "")
    assert option in done.stderr
    assert "did you mean qwen3" in done.stderr


def test_explain_says_before_the_events_what_led_to_them() -> None:
    with parsing("--explain", "--tool-parser", "hermes") as process:
        out, err = process.communicate(
            CHUNK % b"<think>why"
            + CHUNK % b'</think>42<tool_call>{\\"name\\": \\"f\\"}</tool_call>'
            + BODY.partition(b"42")[2].partition(b"\n\n")[2]
        )
    assert err == b""
    lines = out.decode().splitlines()
    assert lines[0] == '# think+hermes, in text: "<think>" leads to thinking'
    assert json.loads(lines[1]) == {"type": "thinking", "content": "why"}
    assert lines[2] == '# think+hermes, in thinking: "</think>" leads to text'
    assert lines[3].startswith("# think+hermes, in text: ")
    assert lines[3].endswith("is a call")
    assert json.loads(lines[-1]) == {"type": "done", "finish_reason": "tool_calls"}


def test_a_reader_that_leaves_is_no_traceback() -> None:
    with parsing() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(CHUNK % b"a")
        assert process.stderr.read() == b""


def test_a_shipped_recording_goes_through_the_pipe() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fake_mlx", "cat", "demo/thinking/capital"], stdout=subprocess.PIPE
    ) as cat:
        done = subprocess.run(
            [sys.executable, "-m", "mlx_relay", "parse"],
            stdin=cat.stdout,
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert "Paris" in text(events, "response")
    assert text(events, "thinking")
