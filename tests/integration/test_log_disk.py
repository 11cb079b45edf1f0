"""A full disk under the log of the real service: streams go on, health says so, nothing is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.full_disk import FullDisk, full_disk
from support.processes import Service
from support.relay import (
    Events,
    RelayService,
    command,
    relay_service,
    text_of,
    types_of,
)
from support.sink_state import wait_for_status


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FullDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with full_disk(folder) as disk:
        if not disk.is_mounted:
            pytest.skip("mounting a small disk needs root on Linux")
        yield disk


async def chat_through_a_full_disk(relay: RelayService, fake: Service, disk: FullDisk) -> None:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
        )
        before = what_was_said(await relay.chat(session, profile_id))
        disk.fill(disk.folder / "streams.jsonl")
        for _ in range(30):
            assert what_was_said(await relay.chat(session, profile_id)) == before
        state = await wait_for_status(session, "degraded")
        assert state["sinks"] == {"log": "No space left on device"}
        disk.free()
        await wait_for_status(session, "ready")


def what_was_said(events: Events) -> tuple[list[str], str, str]:
    return types_of(events), text_of(events, "thinking"), text_of(events, "response")


async def test_a_full_disk_changes_no_event_and_loses_no_record(
    tmp_path: Path, fake: Service, disk: FullDisk
) -> None:
    config = tmp_path / "relay.toml"
    config.write_text(f'[sink.log]\npath = "{disk.folder / "streams.jsonl"}"\n')
    with relay_service(tmp_path / "data", "--config", str(config)) as relay:
        await chat_through_a_full_disk(relay, fake, disk)
        assert relay.service.stop() == 0
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path / "data")}
    ends = command(env, "logs", "--json", "--config", str(config)).splitlines()
    assert [json.loads(end)["kind"] for end in ends] == ["done"] * 31
