"""Sinks of the real service: an own one as the documentation has it, and recordings that replay."""

import json
import re
from pathlib import Path

import aiohttp
import pytest

from fake_process import run, running_fake
from support.processes import ROOT, Service
from support.relay import Events, RelayService, relay_service

EXTENDING = (ROOT / "docs" / "extending.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", EXTENDING, re.DOTALL)
    assert found
    return found[1]


async def add_hello(relay: RelayService, session: aiohttp.ClientSession, port: int) -> int:
    return await relay.add_profile(
        session, name="p", host="127.0.0.1", port=port, model_path="mlx_lm/hello"
    )


def without_id(events: Events) -> Events:
    return [{k: v for k, v in event.items() if k != "stream_id"} for event in events]


def without_times(events: Events) -> Events:
    return [{k: v for k, v in event.items() if k != "duration"} for event in without_id(events)]


async def test_the_own_sink_of_the_documentation_works_as_written(
    fake: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_sinks.py").write_text(block("python"))
    (tmp_path / "relay.toml").write_text(
        block("toml").replace("lengths.jsonl", str(tmp_path / "lengths.jsonl"))
    )
    env = {"PYTHONPATH": str(tmp_path)}
    config = ("--config", str(tmp_path / "relay.toml"))
    with relay_service(tmp_path / "data", *config, env=env) as relay:
        async with relay.session() as session:
            events = await relay.chat(session, await add_hello(relay, session, fake.port))
        relay.service.stop()
    length = sum(len(event["content"]) for event in events if event["type"] == "response")
    [line] = (tmp_path / "lengths.jsonl").read_text().splitlines()
    assert json.loads(line) == {"user": "ada", "length": length, "ended": "done"}


@pytest.mark.parametrize("fault", ["", "!http_503_mlx_lm", "!cut@300"])
async def test_what_is_recorded_in_production_replays_as_the_same_events(
    fake: Service, tmp_path: Path, fault: str
) -> None:
    env = {"MLX_RELAY_SINKS": "recording", "MLX_RELAY_SINK__RECORDING__SHARE": "1"}
    with relay_service(tmp_path, env=env) as relay:
        recorded = await chat_with(relay, fake.port, f"mlx_lm/hello{fault}")
        relay.service.stop()
    [file] = (tmp_path / "recordings").iterdir()
    checked = run("check", file.parent)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with (
        running_fake("--cassettes", file.parent, "--speed", "max") as replay,
        relay_service(tmp_path / "second") as relay,
    ):
        model = file.name.removesuffix(".cast.jsonl")
        replayed = await chat_with(relay, replay.address[1], model)
    assert comparable(replayed) == comparable(recorded)


async def chat_with(relay: RelayService, port: int, model: str) -> Events:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="p", host="127.0.0.1", port=port, model_path=model
        )
        return await relay.chat(session, profile_id)


def comparable(events: Events) -> Events:
    return [{k: v for k, v in event.items() if k != "model"} for event in merged(events)]


def merged(events: Events) -> Events:
    """Join neighbours of one type: how the socket cuts a stream differs from run to run."""
    joined: Events = []
    for event in without_times(events):
        if joined and "content" in event and joined[-1]["type"] == event["type"]:
            joined[-1]["content"] += event["content"]
        else:
            joined.append(event)
    return joined
