"""``mlx-relay key``: the API keys of a relay's users, in its database."""

from typing import Annotated

import typer

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.cli.database import with_repository
from mlx_relay.cli.options import AsJson, ConfigFile
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.cli.users import find_user
from mlx_relay.errors import NotFound
from mlx_relay.storage import Repository
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.forms import KeyForm, parse_form
from mlx_relay.web.keys import KeyView

app = typer.Typer(help="Keys that programs use in place of a login.", rich_markup_mode=None)

UserName = Annotated[str, typer.Argument(metavar="USER")]


@app.command()
def add(
    user_name: UserName,
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    *,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Make a key for a user and print it, once."""
    form = parse_form(KeyForm, {"name": name})
    secret = make_api_key()

    async def work(repository: Repository) -> ApiKey:
        user = await find_user(repository, user_name)
        return await repository.add_api_key(
            user.id, form.name, secret_hash=hash_api_key(secret), prefix=visible_part(secret)
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
    rows = [(key.id, f"{key.prefix}…", key.name, key.last_used_at or "never") for key in keys]
    print_columns([("ID", "KEY", "NAME", "LAST USED"), *rows])


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
