"""``mlx-relay doctor``: the settings in; what is not well, and what to do about it, out.

Looks and changes nothing, also beside a relay that is running. Exit codes: 0 all is well, 1 not.
"""

import asyncio
import logging
from pathlib import Path

import structlog
import typer

from mlx_relay.app import check_parser_is_compiled
from mlx_relay.cli.doctor_database import look_at_storage
from mlx_relay.cli.doctor_files import look_at_disk, look_at_files
from mlx_relay.cli.doctor_finding import Finding, ill, well
from mlx_relay.cli.doctor_port import look_at_port
from mlx_relay.cli.doctor_servers import silent_address
from mlx_relay.cli.doctor_sinks import look_at_sinks
from mlx_relay.cli.doctor_upstreams import look_at_upstreams
from mlx_relay.cli.options import AsJson, ConfigFile
from mlx_relay.cli.output import print_json
from mlx_relay.cli.printable import one_line
from mlx_relay.config import Settings, load_settings
from mlx_relay.errors import ConfigurationError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def doctor(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Check settings, files, port, database, MLX servers and sinks, and say what to do."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    findings = _examine(config)
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            typer.echo(_line(finding))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _examine(config: Path | None) -> list[Finding]:
    try:
        settings = load_settings(config)
    except ConfigurationError as error:
        return [ill("settings", str(error), "correct it; nothing else was looked at")]
    return asyncio.run(_examine_all(settings, config))


async def _examine_all(settings: Settings, config: Path | None) -> list[Finding]:
    storage, profiles = await look_at_storage(settings)
    return [
        well("settings", f"{config or 'no file'}, data directory {settings.data_dir}"),
        _look_at_program(),
        *look_at_files(settings, config),
        look_at_disk(settings),
        await look_at_port(settings),
        *storage,
        *await _look_at_redis(settings),
        *await look_at_upstreams(settings, profiles),
        *await look_at_sinks(settings),
    ]


def _look_at_program() -> Finding:
    try:
        check_parser_is_compiled()
    except ConfigurationError as error:
        return ill("program", str(error), "install mlx-relay anew, from wheels")
    return well("program", "aiohttp has its C parser")


async def _look_at_redis(settings: Settings) -> list[Finding]:
    """Look at what several relays share; without the setting there is nothing to look at."""
    if not settings.redis_url:
        return []
    if where := await silent_address(settings.redis_url, 6379):
        return [ill("redis", f"nobody answers at {where}", "start Redis, or correct redis_url")]
    return [well("redis", "takes connections")]


def _line(finding: Finding) -> str:
    state = "ok" if finding.ok else "PROBLEM"
    cure = f" -> {finding.cure}" if finding.cure else ""
    return f"{state:8}{finding.check:10}{one_line(finding.text + cure)}"
