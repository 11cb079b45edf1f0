"""docs/openai.md: its commands and programs run as written, and its lists are those of the code."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlx_relay.web.dialects.answering import STATUSES
from mlx_relay.web.dialects.openai_form import IGNORED, ONLY, OpenAiForm
from mlx_relay.web.event_stream import HEARTBEAT_SECONDS
from support.node import FOLDER, node
from support.openai import key_of
from support.processes import ROOT, Service
from support.relay import RelayService

DOCS = (ROOT / "docs" / "openai.md").read_text(encoding="utf-8")
THINKING = "The user says hello."
ANSWER = "Hello! 👋 How can I help you today?"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, flags=re.DOTALL)


@pytest.fixture(scope="module")
def environment(relay: RelayService, fake: Service) -> dict[str, str]:
    """What the page takes for granted: an address, a key, a profile called qwen."""
    asyncio.run(_add_qwen(relay, fake))
    return {**os.environ, "MLX_RELAY_URL": relay.url, "MLX_RELAY_TOKEN": key_of(relay)}


async def _add_qwen(relay: RelayService, fake: Service) -> None:
    async with relay.session() as session:
        await relay.add_profile(
            session, name="qwen", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
        )


def run(*command: str | Path, env: dict[str, str], stdin: str = "", folder: Path = ROOT) -> str:
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=env,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_curl_lines_show_the_models_and_a_stream(environment: dict[str, str]) -> None:
    models, chat = blocks("sh")[0].splitlines()
    assert '"id":"qwen"' in run("sh", "-c", models, env=environment)
    said = run("sh", "-c", chat, env=environment)
    assert ANSWER in said
    assert said.endswith("data: [DONE]\n\n")


def test_the_python_program_prints_thinking_and_answer(environment: dict[str, str]) -> None:
    said = run(sys.executable, "-c", blocks("python")[0], env=environment)
    assert THINKING in said
    assert said.endswith(ANSWER)


def test_the_ai_sdk_program_prints_thinking_and_answer(environment: dict[str, str]) -> None:
    program = (node(), "--input-type=module", "-")
    said = run(*program, env=environment, stdin=blocks("js")[0], folder=FOLDER)
    assert THINKING in said
    assert said.endswith(ANSWER)


def test_every_field_is_named() -> None:
    ours = {"messages", "max_completion_tokens", "model"}
    for name in {*OpenAiForm.__struct_fields__, *ONLY, *IGNORED} | ours:
        assert f"`{name}" in DOCS, name


def test_every_failure_stands_there_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|$", DOCS, flags=re.MULTILINE))
    assert rows == {code: str(status) for code, status in STATUSES.items()}


def test_the_wait_for_the_head_is_a_heartbeats() -> None:
    assert f"at most {HEARTBEAT_SECONDS:.0f} seconds" in DOCS
