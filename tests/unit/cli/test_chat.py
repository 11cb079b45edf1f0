"""``mlx-relay chat`` as a process, in a pipe and on a terminal."""

import asyncio
import os
import pty
import signal
import sys
from typing import Any, NamedTuple

import pytest

from unit.cli.conftest import Command, assert_one_line
from unit.cli.fake_relay import TOKEN, WAIT, FakeRelay, serving

EVENTS: list[dict[str, Any] | str] = [
    {"type": "start", "stream_id": "s", "profile": "p", "model": "m"},
    {"type": "thinking", "content": "Hm\x1b[2J."},
    {"type": "thinking_done", "duration": 3.2},
    {"type": "response", "content": "**42**"},
    {"type": "usage", "completion_tokens": 7},
    {"type": "done", "finish_reason": "stop"},
]
ERROR: dict[str, Any] = {
    "type": "error",
    "content": "Failed to connect to MLX server. Is it running?",
    "code": "upstream_unreachable",
    "retryable": True,
    "detail": "refused",
}


class Ran(NamedTuple):
    code: int | None
    out: str
    err: str


async def start(
    relay: FakeRelay, *arguments: str, stdout: int = asyncio.subprocess.PIPE
) -> asyncio.subprocess.Process:
    """Start the command against *relay*, with its address and token from the environment."""
    settings = {"MLX_RELAY_URL": relay.url, "MLX_RELAY_TOKEN": TOKEN, "TERM": "xterm"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mlx_relay", "chat", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **settings},
    )


async def chat(
    relay: FakeRelay, *arguments: str, stdin: bytes = b"", stdout: int = asyncio.subprocess.PIPE
) -> Ran:
    """Run the command to its end."""
    async with serving(relay):
        process = await start(relay, *arguments, stdout=stdout)
        out, err = await process.communicate(stdin)
    return Ran(process.returncode, (out or b"").decode(), err.decode())


async def test_in_a_pipe_stdout_gets_the_answer_alone() -> None:
    relay = FakeRelay(EVENTS)
    ran = await chat(relay, "What is it?", "--profile", "second")
    assert (ran.code, ran.out) == (0, "**42**\n")
    assert ran.err.startswith("Hm[2J.\nThought for 3.2s\n7 tokens · ")
    assert relay.asked[0]["profile_id"] == 8
    assert relay.asked[0]["messages"][0]["content"] == "What is it?"


@pytest.mark.parametrize("arguments", [(), ("-",)])
async def test_a_prompt_can_come_through_a_pipe(arguments: tuple[str, ...]) -> None:
    relay = FakeRelay(EVENTS)
    ran = await chat(relay, *arguments, stdin=b"What is it?\n")
    assert ran.code == 0
    assert relay.asked[0]["messages"][0]["content"] == "What is it?"


async def test_an_error_event_is_told_and_is_a_failure() -> None:
    ran = await chat(FakeRelay([EVENTS[0], ERROR]), "hi")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "Failed to connect to MLX server. Is it running? (refused)\n"


async def test_on_a_terminal_thinking_is_dim_and_the_answer_is_rendered() -> None:
    screen, terminal = pty.openpty()
    ran = await chat(FakeRelay(EVENTS), "hi", stdout=terminal)
    sent = os.read(screen, 65536).decode()
    os.close(terminal)
    os.close(screen)
    assert ran.code == 0
    assert "\x1b[2mHm[2J.\x1b[0m" in sent
    assert "Thought for 3.2s" in sent
    assert "\x1b[1m42\x1b[0m" in sent
    assert "7 tokens" in sent


async def test_ctrl_c_ends_a_silent_chat_quietly() -> None:
    relay = FakeRelay([*EVENTS[:2], WAIT])
    async with serving(relay):
        process = await start(relay, "hi")
        assert process.stderr is not None
        assert await process.stderr.readexactly(3) == b"Hm["
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err.decode()) == (130, "2J.")


async def test_a_reader_that_leaves_is_no_broken_connection() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = await chat(FakeRelay(EVENTS), "hi", stdout=writing)
    os.close(writing)
    assert ran.err == "Hm[2J.\nThought for 3.2s\n"


def test_without_a_token_it_says_where_to_put_one(command: Command) -> None:
    ran = command("chat", "hi")
    assert ran.code == 2
    assert_one_line(ran, "MLX_RELAY_TOKEN")


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_an_empty_prompt_is_refused(command: Command, prompt: str) -> None:
    for ran in (
        command("chat", prompt, "--token", "t"),
        command("chat", "-", "--token", "t", stdin=prompt),
    ):
        assert ran.code == 2
        assert_one_line(ran, "prompt: ")


def test_a_relay_that_is_down_is_one_line(command: Command) -> None:
    ran = command("chat", "hi", "--url", "http://127.0.0.1:1", "--token", "t")
    assert ran.code == 1
    assert_one_line(ran, "http://127.0.0.1:1", "is mlx-relay serving there?")


def test_an_address_that_is_none_is_wrong_usage(command: Command) -> None:
    ran = command("chat", "hi", "--url", "nowhere", "--token", "t")
    assert ran.code == 2
    assert_one_line(ran, "url: ")
