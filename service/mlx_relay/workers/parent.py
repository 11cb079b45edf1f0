"""Settings in; a service of several processes, and its exit code, out."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing

import structlog

from mlx_relay.config import Settings, environment_with
from mlx_relay.listening import open_listeners, url_of
from mlx_relay.open_files import raise_open_file_limit
from mlx_relay.stopping import Stopping, stop_on_signals
from mlx_relay.workers.keeper import Keeper
from mlx_relay.workers.orders import Orders
from mlx_relay.workers.process import WorkerProcess, running_worker
from mlx_relay.workers.reception import Reception
from mlx_relay.workers.shared import SharedFiles, shared_files

_log = structlog.get_logger(__name__)


async def serve_with_workers(settings: Settings, *, on_ready: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; *on_ready* gets the URL once all workers serve.

    Returns 0, the exit code of a worker that did not start, or that of a second signal. Raises
    CannotListen for the port, ConfigurationError for the data directory.
    """
    stop = stop_on_signals()
    raise_open_file_limit()
    listeners = await open_listeners(settings.host, settings.port)
    if settings.redis_url is None:
        _log.warning("streams_are_not_resumable", reason="several workers, no redis_url")
    # Named by the port: two services may share a data directory, but hardly a port.
    folder = settings.data_dir / "workers" / url_of(listeners).rpartition(":")[2]
    with (
        closing(Reception(listeners)) as reception,
        shared_files(folder, settings.workers) as files,
    ):
        keepers = [
            _keeper(number, settings, files, reception, stop) for number in range(settings.workers)
        ]
        return await _keep_all(keepers, stop, lambda: on_ready(url_of(listeners)))


async def _keep_all(keepers: list[Keeper], stop: Stopping, on_ready: Callable[[], None]) -> int:
    """One first: what keeps it from starting keeps them all, and is said once."""
    async with asyncio.TaskGroup() as group:
        keeping = [group.create_task(keepers[0].keep())]
        await keepers[0].settled.wait()
        keeping += [group.create_task(keeper.keep()) for keeper in keepers[1:]]
        for keeper in keepers[1:]:
            await keeper.settled.wait()
        if not stop.asked.is_set():
            on_ready()
    return stop.exit_code or max(task.result() for task in keeping)


def _keeper(
    number: int, settings: Settings, files: SharedFiles, reception: Reception, stop: Stopping
) -> Keeper:
    environment = environment_with(files.environment)
    orders = Orders(number, files.places, files.throttle, settings.model_dump(mode="json"))

    def start() -> AbstractAsyncContextManager[WorkerProcess]:
        return running_worker(orders, reception, environment)

    def bury(pid: int) -> None:
        files.bury(number, pid)

    return Keeper(start, bury, stop, settings.pre_stop_seconds + settings.drain_seconds)
