"""Where events go: the table of sinks, and how a name in the settings becomes a factory.

``sse`` is not in the table: it is always on, and belongs to the client's own response. The sinks of
the table never block; one that is not in it gets a thread of its own (``own_thread``).
"""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import msgspec

from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks.base import (
    ClientSink,
    Outcome,
    RawSink,
    Sink,
    SinkContext,
    SinkFactory,
    StreamInfo,
)
from mlx_relay.sinks.log import LogSinks
from mlx_relay.sinks.metrics import MetricsSinks
from mlx_relay.sinks.own_thread import SinkThread
from mlx_relay.sinks.recording import RecordingSinks

FactoryMaker: TypeAlias = Callable[[SinkContext], SinkFactory]


def _from_extra(extra: str, module: str, factory: str) -> FactoryMaker:
    """Return a maker whose libraries are loaded when the sink is on, and may be missing."""

    def make(context: SinkContext) -> SinkFactory:
        try:
            maker: FactoryMaker = getattr(importlib.import_module(module), factory).from_context
        except ModuleNotFoundError:
            raise ConfigurationError(f"settings: sinks: install mlx-relay[{extra}]") from None
        return maker(context)

    return make


SINKS: dict[str, FactoryMaker] = {
    "log": LogSinks.from_context,
    "metrics": MetricsSinks.from_context,
    "otel": _from_extra("otel", "mlx_relay.sinks.otel", "OtelSinks"),
    "recording": RecordingSinks.from_context,
    "redis": _from_extra("redis", "mlx_relay.sinks.redis_stream", "RedisSinks"),
}

__all__ = [
    "SINKS",
    "ClientSink",
    "Outcome",
    "RawSink",
    "Sink",
    "SinkContext",
    "SinkFactory",
    "StreamInfo",
    "make_sink_factories",
]


def make_sink_factories(
    names: list[str], settings: Mapping[str, Mapping[str, Any]], context: SinkContext
) -> dict[str, SinkFactory | SinkThread]:
    """Return a factory for each of *names* but ``sse``, each with its own slice of *settings*.

    Raises ConfigurationError for a name that is neither in ``SINKS`` nor
    ``package.module:factory``, and for settings of a sink that is not on.
    """
    strangers = sorted(set(settings) - set(names))
    if strangers:
        raise ConfigurationError(f"settings: sink.{strangers[0]}: this sink is not in sinks")
    return {
        name: _make(msgspec.structs.replace(context, name=name, settings=settings.get(name, {})))
        for name in names
        if name != "sse"
    }


def _make(context: SinkContext) -> SinkFactory | SinkThread:
    if maker := SINKS.get(context.name):
        return maker(context)
    return SinkThread(context.name, partial(_find(context.name), context), context.health)


def _find(name: str) -> FactoryMaker:
    """Return what a user's *name* names."""
    module, colon, attribute = name.partition(":")
    if not colon:
        known = ", ".join(["sse", *SINKS])
        raise ConfigurationError(f"settings: sinks: {name} is not one of {known} or module:factory")
    try:
        maker: FactoryMaker = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"settings: sinks: {name} cannot be loaded: {error}") from None
    return maker
