"""Every command of the README does what it says there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlx_relay.config import Settings
from mlx_relay.errors import FAILURES
from mlx_relay.events import AnyEvent
from mlx_relay.pipeline import parser_names
from mlx_relay.pipeline.families import FAMILIES
from support.processes import ROOT, running
from support.relay import relay_service

README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
RUN_ELSEWHERE = {
    "make demo": "tests/integration/test_demo.py",
    "make test": "CI",
    "fake-mlx serve": "tests/harness",
    "fake-mlx import": "tests/harness",
    "mlx_lm.server": "a Mac",
    "mlx-relay serve": "below",
}


def commands() -> list[str]:
    """Return the README's shell lines, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line.strip() for line in lines if line.strip()]


def shell(
    line: str, env: dict[str, str], stdin: str = "", seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "PATH": path, **env},
    )


def test_no_command_of_the_readme_is_left_untested() -> None:
    ours = tuple(
        f"mlx-relay {command}" for command in ("parsers", "user", "profile", "key", "chat", "logs")
    )
    tested = (*RUN_ELSEWHERE, *ours, "export", "fake-mlx cat")
    assert [line for line in commands() if not line.startswith(tested)] == []


def adapted(line: str, port: int) -> str:
    """Return *line* for a machine without a Mac: a recorded server, a free port, no terminal."""
    line = line.replace("mlx-community/Qwen3-4B-4bit", "mlx_lm/hello")
    line = line.replace("--port 8000", f"--port {port}")
    return f"{line} --password-stdin" if line.startswith("mlx-relay user add") else line


def test_a_newcomer_can_serve_a_model_and_chat_with_it(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
    key, chat = (
        next(line for line in commands() if line.startswith(f"mlx-relay {command}"))
        for command in ("key", "chat")
    )
    with running("fake_mlx", "serve", "--port", "0", "--speed", "max") as fake:
        for line in commands():
            if line.startswith(("mlx-relay user", "mlx-relay profile")):
                done = shell(adapted(line, fake.port), env, stdin="correct horse\n")
                assert done.returncode == 0, (line, done.stderr)
        token = shell(key, env).stdout.strip()
        assert token.startswith("mlxr_")
        with running("mlx_relay", "serve", "--port", "0", env=env) as relay:
            client = {**env, "MLX_RELAY_TOKEN": token, "MLX_RELAY_URL": relay.url}
            done = shell(chat, client)
        logs = [shell(line, env) for line in commands() if line.startswith("mlx-relay logs")]
    assert [log.returncode for log in logs] == [0, 0]
    assert "qwen" in logs[1].stdout
    assert done.returncode == 0, done.stderr
    assert "How can I help you today?" in done.stdout
    assert "Thought for" in done.stderr


SHOWS = {
    "fake-mlx cat mlx_lm/hello": "data: [DONE]",
    "fake-mlx cat mlx_lm/hello | mlx-relay parse": '"type":"done"',
    "fake-mlx cat mlx_lm/hello | mlx-relay parse --explain": '"type":"done"',
    "mlx-relay parsers": "deepseek_r1",
}


@pytest.mark.parametrize("line", SHOWS)
def test_what_is_shown_of_streams_and_formats(line: str) -> None:
    assert line in commands()
    done = shell(line, {})
    assert done.returncode == 0, done.stderr
    assert SHOWS[line] in done.stdout


def test_the_readme_counts_formats_and_names_right() -> None:
    names = parser_names()
    assert f"{len(FAMILIES)} formats under {len(names)} names" in README


def test_the_event_table_names_every_event_and_code() -> None:
    for event in AnyEvent.__args__:
        assert f"| `{event.__struct_config__.tag}` |" in README
    for code in FAILURES:
        assert f"`{code}`" in README


def test_the_settings_table_names_every_setting() -> None:
    for name in set(Settings.model_fields) - {"sink"}:
        assert f"`{name}`" in README


async def test_the_routes_of_the_readme_are_served(tmp_path: Path) -> None:
    routes = re.findall(r"^\| .*?`(GET|POST)? ?(/[a-z/{}]+)`", README, flags=re.MULTILINE)
    assert len(routes) >= 7
    with relay_service(tmp_path) as relay:
        async with relay.session() as session:
            async with session.get("/api/openapi.json") as answer:
                described = (await answer.json())["paths"]
            of_one = {re.sub(r"{\w+}", "{id}", template) for template in described}
            for method, path in routes:
                if "{id}" in path:
                    assert path in of_one
                    continue
                async with session.request(method or "GET", path) as answer:
                    is_endless = answer.content_type == "text/event-stream"
                    body = "" if is_endless else await answer.text()
                    assert '"There is nothing here."' not in body, (method, path)
                    assert answer.status not in (405, 500), (method, path)
