"""``mlx-relay demo``: recorded MLX servers, a relay, a user and profiles; gone when it ends."""

import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvloop

from mlx_relay.app import serve
from mlx_relay.cli.demo_fake import Fake, running_fake
from mlx_relay.cli.demo_seed import Seed, seed
from mlx_relay.cli.demo_text import show
from mlx_relay.cli.failures import CommandFailed
from mlx_relay.cli.serve import announce
from mlx_relay.config import Settings, load_settings
from mlx_relay.process_log import configure_process_log
from mlx_relay.storage import open_database

app = typer.Typer(rich_markup_mode=None)


@app.command()
def demo(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Of the relay; 0 picks a free one.")
    ] = None,
) -> None:
    """Serve the relay in front of recorded MLX servers; prints curl lines to paste."""
    # Until the relay has handlers of its own, SIGTERM too shall run what is in a finally.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    configure_process_log()
    with TemporaryDirectory(prefix="mlx-relay-demo-") as folder:
        uvloop.run(_demo(_settings(Path(folder), port)))


def _settings(folder: Path, port: int | None) -> Settings:
    """Return settings that lead to *folder* and never to the user's own data."""
    database_url = f"sqlite+aiosqlite:///{folder / 'relay.db'}"
    return load_settings(
        data_dir=folder,
        database_url=database_url,
        host="127.0.0.1",
        port=port,
        # Who plays with it and presses Ctrl-C waits for no answer.
        drain_seconds=0,
        pre_stop_seconds=0,
    )


async def _demo(settings: Settings) -> None:
    async with running_fake(on_death=_stop) as fake:
        async with open_database(settings.effective_database_url) as database:
            seeded = await seed(database.repository, fake.port)
        await serve(settings, on_ready=lambda url: _welcome(url, seeded))
        _check_alive(fake)


def _welcome(url: str, seeded: Seed) -> None:
    announce(url)
    show(url, seeded)


def _stop() -> None:
    signal.raise_signal(signal.SIGTERM)


def _check_alive(fake: Fake) -> None:
    if fake.is_dead:
        raise CommandFailed("the fake MLX server ended by itself")
