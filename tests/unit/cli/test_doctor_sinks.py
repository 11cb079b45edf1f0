"""Each sink is made as at a start, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest

from mlx_relay.cli.doctor_finding import Finding
from mlx_relay.cli.doctor_sinks import look_at_sinks
from mlx_relay.config import load_settings


async def look(tmp_path: Path, **settings: Any) -> list[Finding]:
    return await look_at_sinks(load_settings(data_dir=tmp_path, **settings))


async def test_those_of_the_default_are_well_and_nothing_is_made(tmp_path: Path) -> None:
    assert [finding.ok for finding in await look(tmp_path)] == [True, True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sinks": "nonsense"}, "nonsense is not one of"),
        ({"sinks": "no_such_module:factory"}, "cannot be loaded"),
        ({"sinks": "log", "sink": {"log": {"kepe": 1}}}, "kepe"),
        ({"sinks": "log", "sink": {"otel": {}}}, "sink.otel: this sink is not in sinks"),
        ({"sinks": "redis", "sink": {"redis": {"url": "nonsense"}}}, "sink.redis.url"),
        ({"sinks": "collections:OrderedDict.nothing"}, "cannot be loaded"),
        ({"sinks": "operator:index"}, "TypeError when it is made"),
    ],
)
async def test_what_would_keep_it_from_starting_is_named(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    (finding,) = await look(tmp_path, **settings)
    assert not finding.ok
    assert words in finding.text


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    (finding,) = await look(tmp_path, sinks="log")
    assert not finding.ok
    assert f"{tmp_path / 'logs'} cannot be written to" in finding.text


@pytest.mark.parametrize(
    ("name", "setting", "url"),
    [("redis", "url", "redis://127.0.0.1:{}/0"), ("otel", "endpoint", "http://127.0.0.1:{}/v1")],
)
async def test_a_server_that_is_away_is_named(
    tmp_path: Path, name: str, setting: str, url: str, unused_tcp_port: int
) -> None:
    own = {name: {setting: url.format(unused_tcp_port)}}
    (finding,) = await look(tmp_path, sinks=name, sink=own)
    assert not finding.ok
    assert f"127.0.0.1:{unused_tcp_port}" in finding.text
    assert f"sink.{name}.{setting}" in str(finding.cure)
