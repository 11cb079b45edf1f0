"""The ``fake-mlx`` command: arguments in, an exit code and one line per thing said out.

Exit codes: 2 usage, 78 a folder of cassettes that cannot be served, 1 anything else.
"""

import asyncio
import errno
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from fake_mlx import __version__, cli_cassettes, cli_verdict
from fake_mlx.cassette import CassetteError
from fake_mlx.control import Control, make_control
from fake_mlx.exits import BAD_CONFIGURATION, FAILED, fail
from fake_mlx.faults import UnknownFault
from fake_mlx.library import SHIPPED, LibraryError, load_library
from fake_mlx.live_server import BadAuthorities, BadUpstream, LiveServer
from fake_mlx.open_files import raise_limit
from fake_mlx.recorder import Recorder
from fake_mlx.recordings import MODES
from fake_mlx.replay import Pace, parse_rechunk, parse_speed
from fake_mlx.server import FakeServer

_PROBLEMS: Final = (CassetteError, LibraryError)

app = typer.Typer(
    name="fake-mlx",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command("import")(cli_cassettes.import_)
app.command()(cli_cassettes.check)
app.command()(cli_cassettes.cat)
app.command()(cli_cassettes.show)
app.command()(cli_verdict.verdict)


def main() -> None:
    """Run the command."""
    app()


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 - typer gives the option's value
    if is_asked:
        typer.echo(f"fake-mlx {__version__}")
        raise typer.Exit


@app.callback()
def _fake_mlx(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """A fake MLX server that replays recorded streams byte for byte and on time."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    cassettes: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of cassettes.", show_default=False)
    ] = SHIPPED,
    speed: Annotated[str, typer.Option(metavar="original|max|FACTOR")] = "original",
    rechunk: Annotated[str | None, typer.Option(metavar="whole|bytes:N|random")] = None,
    seed: Annotated[int, typer.Option(help="Decides what is random.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND[@WHERE]", help="A defect laid over every replay; repeatable."),
    ] = None,
) -> None:
    """Replay cassettes; the model of a request names the cassette or a folder of some."""
    pace = _pace(speed, rechunk, seed)
    control = _control(fault or [], seed)
    try:
        library = load_library(cassettes)
    except _PROBLEMS as error:
        fail(str(error), BAD_CONFIGURATION)
    raise_limit()
    try:
        asyncio.run(_serve(lambda: FakeServer(library, pace, control), host, port))
    except OSError as error:
        busy = error.errno == errno.EADDRINUSE
        reason = "the port is in use; --port 0 picks a free one" if busy else error
        fail(f"cannot listen on {_authority(host, port)}: {reason}", FAILED)


@app.command()
def record(
    upstream: Annotated[str, typer.Option(metavar="URL", help="The server to record.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where cassettes go.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8000,
    mode: Annotated[str, typer.Option(metavar="|".join(MODES))] = "new",
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PEM of who vouches for an https upstream."),
    ] = None,
) -> None:
    """Relay requests to a live server, and write a cassette of each exchange."""
    wanted = next((known for known in MODES if known == mode), None)
    if wanted is None:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(MODES)}", param_hint="--mode")
    try:
        recorder = Recorder(_live_server(upstream, ca), out, wanted, typer.echo)
    except _PROBLEMS as error:
        fail(str(error), BAD_CONFIGURATION)
    try:
        asyncio.run(_record(recorder, host, port))
    except OSError as error:
        fail(f"cannot listen on {_authority(host, port)}: {error}", FAILED)


def _live_server(url: str, authorities: Path | None) -> LiveServer:
    try:
        return LiveServer(url, authorities)
    except BadUpstream as error:
        raise typer.BadParameter(str(error), param_hint="--upstream") from None
    except BadAuthorities as error:
        raise typer.BadParameter(str(error), param_hint="--ca") from None


def _pace(speed: str, rechunk: str | None, seed: int) -> Pace:
    try:
        factor = parse_speed(speed)
    except ValueError:
        raise typer.BadParameter(
            f"{speed!r} is not original, max or a factor above 0", param_hint="--speed"
        ) from None
    try:
        return Pace(factor, parse_rechunk(rechunk) if rechunk else None, seed)
    except ValueError:
        raise typer.BadParameter(
            f"{rechunk!r} is not whole, bytes:N or random", param_hint="--rechunk"
        ) from None


def _control(faults: list[str], seed: int) -> Control:
    try:
        return make_control(faults, {}, seed)
    except UnknownFault as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _record(recorder: Recorder, host: str, port: int) -> None:
    stopped = _stop_signal()
    server = await asyncio.start_server(recorder.serve, host, port)
    _say_listening(server, host)
    await stopped.wait()
    server.close()


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def _say_listening(server: asyncio.Server, host: str) -> None:
    port = server.sockets[0].getsockname()[1]
    print(f"listening on http://{_authority(host, port)}", flush=True)  # noqa: T201 - its output


async def _serve(make_fake: Callable[[], FakeServer], host: str, port: int) -> None:
    stopped = _stop_signal()
    fake = make_fake()
    server = await fake.listen(host, port)
    _say_listening(server, host)
    await stopped.wait()
    server.close()
    fake.close()
