"""How a name in the settings becomes a factory, and which names are refused."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks import (
    SINKS,
    Sink,
    SinkContext,
    SinkFactory,
    StreamInfo,
    make_sink_factories,
)
from mlx_relay.sinks.log_settings import LogSettings
from mlx_relay.sinks.metrics import MetricsSettings
from mlx_relay.sinks.otel import OtelSettings
from mlx_relay.sinks.own_thread import SinkThread
from mlx_relay.sinks.recording import RecordingSettings
from mlx_relay.sinks.redis_stream import RedisSettings
from support.processes import ROOT

SETTINGS: dict[str, msgspec.Struct] = {
    "log": LogSettings(),
    "metrics": MetricsSettings(),
    "recording": RecordingSettings(),
    "otel": OtelSettings(),
    "redis": RedisSettings(),
}


@pytest.fixture
def context(tmp_path: Path) -> SinkContext:
    return SinkContext(settings={}, data_dir=tmp_path, registry=CollectorRegistry())


class OwnSinks:
    """A user's own factory, as ``test_sinks:OwnSinks`` would name it."""

    def __init__(self, context: SinkContext) -> None:
        self.settings = dict(context.settings)

    def open(self, stream: StreamInfo) -> Sink:
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing to close."""


async def close(factories: Mapping[str, SinkFactory | SinkThread]) -> None:
    for factory in factories.values():
        await factory.close()


async def test_every_sink_of_the_table_can_be_made(context: SinkContext) -> None:
    factories = make_sink_factories(["sse", *SINKS], {}, context)
    assert list(factories) == list(SINKS)
    await close(factories)


async def test_a_users_own_sink_is_found_by_module_and_name_and_gets_its_settings(
    context: SinkContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "own_sinks", __import__(__name__))
    monkeypatch.setattr("own_sinks.OwnSinks", OwnSinks, raising=False)
    name = "own_sinks:OwnSinks"
    factory = make_sink_factories(["sse", name], {name: {"color": "blue"}}, context)[name]
    assert isinstance(factory, SinkThread)
    assert isinstance(factory.factory, OwnSinks)
    assert factory.factory.settings == {"color": "blue"}
    await factory.close()


@pytest.mark.parametrize(
    ("names", "settings", "culprit"),
    [
        (["lgo"], {}, "lgo is not one of sse, log, metrics"),
        (["no.such.module:make"], {}, "no.such.module:make cannot be loaded"),
        (["json:no_such_name"], {}, "json:no_such_name cannot be loaded"),
        (["metrics"], {"log": {"content": "full"}}, "sink.log: this sink is not in sinks"),
    ],
)
def test_a_sink_that_cannot_be_is_refused_by_name(
    context: SinkContext, names: list[str], settings: dict[str, dict[str, str]], culprit: str
) -> None:
    with pytest.raises(ConfigurationError, match=culprit.replace(".", r"\.")):
        make_sink_factories(["sse", *names], settings, context)


def test_the_documentation_lists_every_setting_of_every_sink_with_its_default() -> None:
    page = (ROOT / "docs" / "sinks.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", page, re.MULTILINE))
    assert set(SETTINGS) == set(SINKS)
    assert listed == {
        f"{sink}.{name}": json.dumps(value)
        for sink, settings in SETTINGS.items()
        for name, value in msgspec.to_builtins(settings).items()
    }


def test_the_documentation_lists_every_sink_and_leads_to_the_other_pages() -> None:
    page = (ROOT / "docs" / "sinks.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| .* \| (?:on|off) \|$", page, re.MULTILINE) == sorted(
        SINKS, key=list(SETTINGS).index
    )
    for target, anchor in re.findall(r"\]\(([\w./]+)(?:#([\w-]+))?\)", page):
        other = ROOT / "docs" / target
        assert other.exists()
        assert not anchor or f"\n## {anchor}\n" in _anchors(other.read_text(encoding="utf-8"))


def _anchors(page: str) -> str:
    """Return *page* with its headings as they are named in links."""
    return re.sub(
        r"(?<=\n## ).*",
        lambda heading: re.sub(r"[^\w -]", "", heading[0]).lower().replace(" ", "-"),
        page,
    )
