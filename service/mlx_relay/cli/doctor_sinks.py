"""Settings in; a finding about each sink out. Sinks are made as at a start, in a folder that goes.

But for ``log``, which would tidy up after the relay that may be running: only its settings and its
folder are looked at.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prometheus_client import CollectorRegistry

from mlx_relay.cli.doctor_finding import Finding, ill, well
from mlx_relay.cli.doctor_servers import silent_address
from mlx_relay.config import Settings
from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks import SinkContext, make_sink_factories
from mlx_relay.sinks.base import read_settings
from mlx_relay.sinks.log_settings import LogSettings

_CORRECT = "correct the settings"
_SERVERS: Final = {
    "redis": ("url", "redis://127.0.0.1:6379/0", 6379),
    "otel": ("endpoint", "http://127.0.0.1:4318/v1/traces", 4318),
}
"""Sinks that send to a server: the setting with its URL, the default, and the usual port."""


async def look_at_sinks(settings: Settings) -> list[Finding]:
    try:
        strangers = {name: own for name, own in settings.sink.items() if name not in settings.sinks}
        make_sink_factories([], strangers, _context(settings.data_dir))
    except ConfigurationError as error:
        return [ill("sink", str(error), _CORRECT)]
    return [await _look(name, settings) for name in settings.sinks if name != "sse"]


async def _look(name: str, settings: Settings) -> Finding:
    own = settings.sink.get(name, {})
    try:
        if name == "log":
            return _look_at_log(read_settings(name, own, LogSettings), settings.data_dir)
        with TemporaryDirectory(prefix="mlx-relay-doctor-") as folder:
            made = make_sink_factories([name], {name: own}, _context(Path(folder)))
            await made[name].close()
    except ConfigurationError as error:
        return ill("sink", str(error), _CORRECT)
    except Exception as error:  # noqa: BLE001 - a sink of the user's may raise what it likes
        return ill("sink", f"{name}: {type(error).__name__} when it is made", "see its own code")
    return await _look_at_server(name, own) or well("sink", f"{name}: can be made")


def _context(data_dir: Path) -> SinkContext:
    return SinkContext(settings={}, data_dir=data_dir, registry=CollectorRegistry())


def _look_at_log(own: LogSettings, data_dir: Path) -> Finding:
    folder = own.path_in(data_dir).parent
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return ill("sink", f"log: {there} cannot be written to", "make it a folder of this user's")
    return well("sink", f"log: writes to {own.path_in(data_dir)}")


async def _look_at_server(name: str, own: dict[str, object]) -> Finding | None:
    """Return a finding where the server of *name* takes no connection, None if it does."""
    if name not in _SERVERS:
        return None
    setting, default, usual_port = _SERVERS[name]
    where = await silent_address(str(own.get(setting, default)), usual_port)
    cure = f"start the server, or correct sink.{name}.{setting}"
    return ill("sink", f"{name}: nobody answers at {where}", cure) if where else None
