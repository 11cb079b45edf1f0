"""How a name in the settings becomes a factory, and which names are refused."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks import SINKS, SinkContext, SinkFactory, make_sink_factories


@pytest.fixture
def context(tmp_path: Path) -> SinkContext:
    return SinkContext(settings={}, data_dir=tmp_path, registry=CollectorRegistry())


class OwnSinks:
    """A user's own factory, as ``test_sinks:OwnSinks`` would name it."""

    def __init__(self, context: SinkContext) -> None:
        self.settings = dict(context.settings)


async def close(factories: dict[str, SinkFactory]) -> None:
    for factory in factories.values():
        await factory.close()


async def test_every_sink_of_the_table_can_be_made(context: SinkContext) -> None:
    factories = make_sink_factories(["sse", *SINKS], {}, context)
    assert list(factories) == list(SINKS)
    await close(factories)


def test_a_users_own_sink_is_found_by_module_and_name_and_gets_its_settings(
    context: SinkContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "own_sinks", __import__(__name__))
    monkeypatch.setattr("own_sinks.OwnSinks", OwnSinks, raising=False)
    name = "own_sinks:OwnSinks"
    factory = make_sink_factories(["sse", name], {name: {"color": "blue"}}, context)[name]
    assert isinstance(factory, OwnSinks)
    assert factory.settings == {"color": "blue"}


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
