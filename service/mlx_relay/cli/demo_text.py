"""A seeded demo in; a page to read on a terminal and curl lines to paste out.

Every curl command is one line, however narrow the terminal is, and also when stdout is a pipe.
"""

import json

from rich.console import Console
from rich.text import Text

from mlx_relay.cli.demo_seed import USER, Chat, Seed

_JSON = "-H 'Content-Type: application/json'"


def show(url: str, seed: Seed) -> None:
    console = Console(highlight=False)
    for line in page(url, seed):
        console.print(line, soft_wrap=True)


def page(url: str, seed: Seed) -> list[Text]:
    """Return the lines that follow ``listening on``."""
    lines = [
        Text(),
        Text.assemble(("URL       ", "bold"), url),
        Text.assemble(("user      ", "bold"), USER),
        Text.assemble(("password  ", "bold"), seed.password),
    ]
    for chat in seed.chats:
        lines += [Text(), _heading(f"chat with the profile {chat.profile.name}")]
        lines += [Text(chat_command(url, seed.api_key, chat), "cyan")]
    lines += [Text(), _heading("log in for a token of 15 minutes")]
    lines += [Text(login_command(url, seed.password), "cyan")]
    lines += [Text(), Text("Ctrl-C stops both servers and removes all of this.", "dim")]
    return lines


def chat_command(url: str, api_key: str, chat: Chat) -> str:
    messages = [{"role": "user", "content": chat.prompt}]
    body = json.dumps({"profile_id": chat.profile.id, "messages": messages})
    authorization = f"-H 'Authorization: Bearer {api_key}'"
    return f"curl -sSN {url}/api/chat/completions {authorization} {_JSON} -d '{body}'"


def login_command(url: str, password: str) -> str:
    body = json.dumps({"username": USER, "password": password})
    return f"curl -sS {url}/api/auth/login {_JSON} -d '{body}'"


def _heading(text: str) -> Text:
    return Text(f"# {text}", "bold")
