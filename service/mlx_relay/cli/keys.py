"""``mlx-relay key``: the API keys of a relay's users, in its database."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.cli.database import with_repository
from mlx_relay.cli.durations import parse_duration
from mlx_relay.cli.options import AsJson, ConfigFile
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.cli.users import find_user
from mlx_relay.errors import NotFound
from mlx_relay.grants import SCOPES
from mlx_relay.storage import Repository
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.forms import KeyForm, parse_form
from mlx_relay.web.keys import KeyView, ordered

app = typer.Typer(help="Keys that programs use in place of a login.", rich_markup_mode=None)

UserName = Annotated[str, typer.Argument(metavar="USER")]


def _expiry(value: str) -> datetime:
    age = parse_duration(value)
    if age is None:
        raise typer.BadParameter("say 12h, 30d or 52w")
    return datetime.now(UTC) + age


@app.command()
def add(
    user_name: UserName,
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(SCOPES),
            help="What it may do; may be repeated. Default: all that its user may.",
        ),
    ] = None,
    expires_in: Annotated[
        datetime | None,
        typer.Option(parser=_expiry, metavar="TIME", help="12h, 30d or 52w. Default: never."),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Make a key for a user and print it, once."""
    form = parse_form(KeyForm, {"name": name, "scopes": scope or SCOPES})
    secret = make_api_key()

    async def work(repository: Repository) -> ApiKey:
        user = await find_user(repository, user_name)
        return await repository.add_api_key(
            user.id,
            form.name,
            secret_hash=hash_api_key(secret),
            prefix=visible_part(secret),
            scopes=ordered(form.scopes or SCOPES),
            expires_at=expires_in,
        )

    key = with_repository(config, work)
    if as_json:
        print_json(KeyView.of(key, secret=secret))
    else:
        typer.echo(secret)
        typer.echo(f"key {key.id} of {user_name}: keep it, it is not shown again", err=True)


@app.command("list")
def list_(user_name: UserName, *, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List the keys of a user, without their secrets."""

    async def work(repository: Repository) -> list[ApiKey]:
        return await repository.api_keys((await find_user(repository, user_name)).id)

    keys = with_repository(config, work)
    if as_json:
        print_json([KeyView.of(key) for key in keys])
        return
    print_columns([("ID", "KEY", "NAME", "SCOPES", "EXPIRES", "LAST USED"), *map(_row, keys)])


@app.command()
def remove(
    key_id: Annotated[int, typer.Argument(metavar="ID")], *, config: ConfigFile = None
) -> None:
    """Remove a key: it ends at once."""

    async def work(repository: Repository) -> None:
        try:
            await repository.remove_api_key(key_id)
        except NotFound:
            raise NotFound(f"There is no key {key_id}.") from None

    with_repository(config, work)
    typer.echo(f"removed key {key_id}")


def _row(key: ApiKey) -> tuple[object, ...]:
    return (
        key.id,
        f"{key.prefix}…",
        key.name,
        ",".join(key.scopes),
        _day(key.expires_at),
        _day(key.last_used_at),
    )


def _day(time: datetime | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%MZ") if time else "never"
