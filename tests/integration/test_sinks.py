"""Sinks of the real service: an own one as the documentation has it, and bad ones."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fake_process import run, running_fake
from support.processes import ROOT, Service
from support.relay import Events, RelayService, relay_service

EXTENDING = (ROOT / "docs" / "extending.md").read_text()
SAMPLE = re.compile(r'^(\w+)\{sink="([^"]+)"(?:,what="([^"]+)")?\} (\S+)$', re.MULTILINE)
BAD_SINKS = ("RaisesAtOnce", "RaisesOnOpen", "Blocks10SecondsInClose")
STREAMS = 3


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


async def counters(session: aiohttp.ClientSession) -> dict[tuple[str, ...], float]:
    async with session.get("/metrics") as answer:
        found = SAMPLE.findall(await answer.text())
    return {(name, sink, what): float(value) for name, sink, what, value in found}


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


@pytest.mark.parametrize("name", BAD_SINKS)
async def test_a_bad_sink_changes_no_event_and_its_losses_are_counted_exactly(
    fake: Service, relay: RelayService, tmp_path: Path, name: str
) -> None:
    sink = f"support.bad_sinks:{name}"
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=name, host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
        )
        expected = without_times(await relay.chat(session, profile_id))
        async with session.delete(f"/api/profiles/{profile_id}"):
            pass
    env = {"PYTHONPATH": str(ROOT / "tests"), "MLX_RELAY_SINKS": f"metrics,{sink}"}
    with relay_service(tmp_path, env=env) as own:
        async with own.session() as session:
            profile_id = await own.add_profile(
                session, name=name, host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
            )
            for _ in range(STREAMS):
                assert without_times(await own.chat(session, profile_id)) == expected
            counted = await counters(session)
    lost: dict[str, Any] = {
        what: counted.get(("mlx_relay_sink_lost_total", sink, what), 0)
        for what in ("streams", "events")
    }
    if name.startswith("Raises"):
        assert lost == {"streams": STREAMS, "events": STREAMS * len(expected)}


async def test_what_is_recorded_in_production_replays_as_the_same_events(
    fake: Service, tmp_path: Path
) -> None:
    env = {"MLX_RELAY_SINKS": "recording", "MLX_RELAY_SINK__RECORDING__SHARE": "1"}
    with relay_service(tmp_path, env=env) as relay:
        async with relay.session() as session:
            profile_id = await add_hello(relay, session, fake.port)
            recorded = await relay.chat(session, profile_id)
        relay.service.stop()
    [file] = (tmp_path / "recordings").iterdir()
    checked = run("check", file.parent)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with (
        running_fake("--cassettes", file.parent, "--speed", "max") as replay,
        relay_service(tmp_path / "second") as relay,
    ):
        async with relay.session() as session:
            model = file.name.removesuffix(".cast.jsonl")
            profile_id = await relay.add_profile(
                session, name="p", host="127.0.0.1", port=replay.address[1], model_path=model
            )
            replayed = await relay.chat(session, profile_id)

    def comparable(events: Events) -> Events:
        return [{k: v for k, v in event.items() if k != "model"} for event in merged(events)]

    assert comparable(replayed) == comparable(recorded)


def merged(events: Events) -> Events:
    """Join neighbours of one type: how the socket cuts a stream differs from run to run."""
    joined: Events = []
    for event in without_times(events):
        if joined and "content" in event and joined[-1]["type"] == event["type"]:
            joined[-1]["content"] += event["content"]
        else:
            joined.append(event)
    return joined
