"""``mlx-relay audit``: who changed what, oldest first, as a table or as JSON lines."""

from typing import Annotated, Any

import msgspec
import typer

from mlx_relay.cli.database import with_database
from mlx_relay.cli.options import AsJson, ConfigFile
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.storage import Database
from mlx_relay.storage.records import AuditEntry

app = typer.Typer(rich_markup_mode=None)

_HEADINGS = ("WHEN", "WHO", "VIA", "ADDRESS", "WHAT", "TARGET", "DETAILS")


@app.command()
def audit(
    *,
    last: Annotated[int, typer.Option(min=1, help="How many, of the newest.")] = 50,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show who changed users, profiles and keys, and when."""

    async def work(database: Database) -> list[AuditEntry]:
        return await database.audit_log.newest(limit=last)

    entries = with_database(config, work)[::-1]
    if as_json:
        for entry in entries:
            print_json(entry)
    else:
        print_columns([_HEADINGS, *map(_row, entries)])


def _row(entry: AuditEntry) -> tuple[str, ...]:
    return (
        entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        entry.actor,
        entry.via,
        entry.address or "-",
        entry.action,
        f"{entry.target} ({entry.target_id})",
        " ".join(f"{name}={_show(value)}" for name, value in entry.details.items()) or "-",
    )


def _show(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
