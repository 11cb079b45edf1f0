"""What the demo prints: every command on one line, and right for a shell."""

import io
import json
import shlex
from typing import Any

from rich.console import Console

from mlx_relay.cli import demo_text
from mlx_relay.cli.demo_seed import Chat, Seed
from mlx_relay.cli.demo_text import chat_command, login_command, page
from mlx_relay.profiles import Profile

URL = "http://127.0.0.1:8080"
PROFILE = Profile(id=7, name="p", host="127.0.0.1", port=1, model_path="m")
CHATS = [Chat(PROFILE, "What is 2 + 2?"), Chat(PROFILE, "Really?")]
SEED = Seed("pass-word", "mlxr_key", CHATS)


def body_of(command: str) -> Any:
    words = shlex.split(command)
    return json.loads(words[words.index("-d") + 1])


def test_a_chat_command_carries_the_key_and_the_prompt() -> None:
    command = chat_command(URL, "mlxr_key", CHATS[0])
    assert shlex.split(command)[:3] == ["curl", "-sSN", f"{URL}/api/chat/completions"]
    assert "Authorization: Bearer mlxr_key" in shlex.split(command)
    assert body_of(command) == {
        "profile_id": 7,
        "messages": [{"role": "user", "content": "What is 2 + 2?"}],
    }


def test_the_login_command_carries_the_login() -> None:
    command = login_command(URL, "pass-word")
    assert body_of(command) == {"username": "demo", "password": "pass-word"}


def test_commands_stay_on_one_line_however_narrow_the_terminal_is() -> None:
    out = io.StringIO()
    for line in page(URL, SEED):
        Console(file=out, width=20, highlight=False).print(line, soft_wrap=True)
    lines = out.getvalue().split("\n")
    commands = [line for line in lines if line.startswith("curl ")]
    assert commands == [
        *(chat_command(URL, SEED.api_key, chat) for chat in CHATS),
        login_command(URL, SEED.password),
    ]


def test_the_page_is_plain_in_a_pipe(capsys: Any) -> None:
    demo_text.show(URL, SEED)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    for part in (URL, "demo", "pass-word"):
        assert part in out
