"""``mlx-relay serve``: settings in; a relay that runs until it is told to stop."""

from typing import Annotated

import typer
import uvloop

from mlx_relay.app import serve as serve_relay
from mlx_relay.cli.options import ConfigFile
from mlx_relay.config import Settings, load_settings, supervisor
from mlx_relay.process_log import configure_process_log
from mlx_relay.storage import open_database
from mlx_relay.supervisor import Supervisor
from mlx_relay.workers.parent import serve_with_workers

app = typer.Typer(rich_markup_mode=None)

HINT = "mlx-relay: there is no user yet: mlx-relay user add NAME --admin"


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 picks a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one for each core.")] = None,
    config: ConfigFile = None,
) -> None:
    """Serve the relay until Ctrl-C or SIGTERM; the second of them does not wait for streams."""
    configure_process_log()
    settings = load_settings(config, host=host, port=port, workers=workers)
    if code := uvloop.run(_serve(settings)):
        raise typer.Exit(code)


async def _serve(settings: Settings) -> int:
    async with open_database(settings.effective_database_url) as database:
        users = await database.repository.users()
    if not users:
        typer.echo(HINT, err=True)
    told = Supervisor(*supervisor())

    def on_ready(url: str) -> None:
        announce(url)
        told.ready()

    if settings.workers > 1:
        return await serve_with_workers(settings, on_ready=on_ready)
    return await serve_relay(settings, on_ready=on_ready)


def announce(url: str) -> None:
    """Print the line that scripts wait for; typer flushes it."""
    typer.echo(f"listening on {url}")
