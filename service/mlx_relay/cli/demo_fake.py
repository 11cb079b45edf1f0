"""A fake MLX server as a process of its own, and never one that is left behind."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from mlx_relay.cli.failures import CommandFailed

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
COMMAND: Final = (
    *(sys.executable, "-P", "-m", "mlx_relay.cli.leash"),
    *("fake_mlx", "serve", "--port", "0"),
)
_LISTENS: Final = b"listening on http://127.0.0.1:"


class Fake(asyncio.SubprocessProtocol):
    """Reads what the process says; *on_death* is called if it ends while it should run."""

    def __init__(self, on_death: Callable[[], None]) -> None:
        self.listens: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self.is_dead = False
        self.port = 0
        self._said = b""
        self._on_death = on_death
        self._is_wanted = True

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        del fd
        if self.listens.done():
            return
        self._said += data
        line, found, _ = self._said.partition(b"\n")
        if found and line.startswith(_LISTENS):
            self.port = int(line.removeprefix(_LISTENS))
            self.listens.set_result(None)

    def process_exited(self) -> None:
        self.ended.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The process is gone and its output read to the end: it may have listened just before."""
        del error
        if not self.listens.done():
            self.listens.set_exception(CommandFailed("the fake MLX server did not start"))
        elif self._is_wanted:
            self.is_dead = True
            self._on_death()

    async def wait_until_it_listens(self) -> None:
        """Raise CommandFailed if the process ends before, or takes too long."""
        try:
            await asyncio.wait_for(self.listens, START_SECONDS)
        except TimeoutError:
            raise CommandFailed("the fake MLX server did not start in time") from None

    async def stop(self, process: asyncio.SubprocessTransport) -> None:
        """End the process, by force if it does not go."""
        self._is_wanted = False
        if not self.ended.is_set():
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
        finally:
            process.close()


@asynccontextmanager
async def running_fake(*, on_death: Callable[[], None]) -> AsyncIterator[Fake]:
    """Run the fake until the block ends; raises CommandFailed if it does not start."""
    # A session of its own: the terminal's Ctrl-C is for us, and we end it when we are done.
    process, fake = await asyncio.get_running_loop().subprocess_exec(
        lambda: Fake(on_death), *COMMAND, stderr=None, start_new_session=True
    )
    try:
        await fake.wait_until_it_listens()
        yield fake
    finally:
        await fake.stop(process)
