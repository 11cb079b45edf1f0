"""A relay with an administrator, as a process, and the calls that tests make to it."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

from support.processes import Service, run, running

Events = list[dict[str, Any]]


class RelayService:
    """A running relay, its data directory, and the API key of its administrator."""

    def __init__(self, service: Service, data_dir: Path, token: str) -> None:
        self.service = service
        self.url = service.url
        self.data_dir = data_dir
        self.headers = {"Authorization": f"Bearer {token}"}

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            self.url, headers=self.headers, timeout=aiohttp.ClientTimeout(total=60)
        )

    async def add_profile(self, session: aiohttp.ClientSession, **fields: Any) -> int:
        async with session.post("/api/profiles", json=fields) as answer:
            body = await answer.json()
            assert answer.status == 201, body
            return int(body["id"])

    async def chat(self, session: aiohttp.ClientSession, profile_id: int, **fields: Any) -> Events:
        """Post a chat and return its events; asserts that the answer is an event stream."""
        request = {"messages": [{"role": "user", "content": "Hello!"}], **fields}
        async with session.post(
            "/api/chat/completions", json={"profile_id": profile_id, **request}
        ) as answer:
            body = await answer.text()
            assert answer.status == 200, body
            assert answer.content_type == "text/event-stream"
        return events_of(body)


@contextmanager
def relay_service(
    data_dir: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[RelayService]:
    """Run ``mlx-relay serve`` on a free port with the administrator ``ada``.

    When it is told to stop it ends its streams at once, unless *env* says otherwise.
    """
    settings = {
        "MLX_RELAY_DATA_DIR": str(data_dir),
        "MLX_RELAY_DRAIN_SECONDS": "0",
        **(env or {}),
    }
    if "MLX_RELAY_DATABASE_URL" in settings:
        token = _add_administrator(settings)
    else:
        made, token = _made_once()
        shutil.copytree(made.name, data_dir, dirs_exist_ok=True)
    with running("mlx_relay", "serve", "--port", "0", *arguments, env=settings) as service:
        yield RelayService(service, data_dir, token)


@cache
def _made_once() -> tuple[tempfile.TemporaryDirectory[str], str]:
    """Return a data directory with ``ada``, and her key: two commands cost more than a service."""
    folder = tempfile.TemporaryDirectory()
    return folder, _add_administrator({"MLX_RELAY_DATA_DIR": folder.name})


def _add_administrator(env: Mapping[str, str]) -> str:
    command(env, "user", "add", "ada", "--admin", "--password-stdin", stdin="correct horse\n")
    return str(json.loads(command(env, "key", "add", "ada", "tests", "--json"))["secret"])


def command(env: Mapping[str, str], *arguments: str, stdin: str = "") -> str:
    """Run ``mlx-relay`` with *arguments* and return what it printed; asserts that it went well."""
    done = run("mlx_relay", *arguments, env=env, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def events_of(body: str) -> Events:
    """Return the events of a whole answer, as a client that reads only ``data: `` lines would."""
    return [
        json.loads(line.removeprefix("data: "))
        for line in body.split("\n")
        if line.startswith("data: ")
    ]


def types_of(events: Events) -> list[str]:
    """Return the order of types, each run of one type once."""
    types = [event["type"] for event in events]
    return [kind for index, kind in enumerate(types) if index == 0 or types[index - 1] != kind]


def text_of(events: Events, kind: str) -> str:
    return "".join(event["content"] for event in events if event["type"] == kind)
