"""``mlx-relay user``: the users of a relay, in its database."""

from typing import Annotated, Literal

import typer

from mlx_relay.cli.database import with_repository
from mlx_relay.cli.hashing import hash_once
from mlx_relay.cli.options import AsJson, ConfigFile, PasswordStdin
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.cli.typed_in import confirm, read_new_password
from mlx_relay.errors import Conflict, NotFound
from mlx_relay.storage import Repository
from mlx_relay.storage.records import User
from mlx_relay.web.forms import UserChanges, UserForm, parse_form, require_changes
from mlx_relay.web.users import UserView

app = typer.Typer(help="The people who may use a relay.", rich_markup_mode=None)

UserName = Annotated[str, typer.Argument(metavar="NAME")]


async def find_user(repository: Repository, name: str) -> User:
    user = await repository.user_by_name(name)
    if user is None:
        raise NotFound(f"There is no user named {name!r}.")
    return user


@app.command()
def add(
    name: UserName,
    *,
    admin: Annotated[bool, typer.Option("--admin", help="An administrator.")] = False,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Add a user; asks for the password."""
    password = read_new_password(from_stdin=password_stdin)
    role = "admin" if admin else "user"
    form = parse_form(UserForm, {"name": name, "password": password, "role": role})

    async def work(repository: Repository) -> User:
        password_hash = await hash_once(form.password)
        try:
            return await repository.add_user(form.name, password_hash, role=form.role)
        except Conflict:
            raise Conflict(f"There is a user named {name!r} already.") from None

    user = with_repository(config, work)
    if as_json:
        print_json(UserView.of(user))
    else:
        typer.echo(f"added {user.role} {user.name} (id {user.id})")


@app.command("list")
def list_(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List the users."""
    users = with_repository(config, lambda repository: repository.users())
    if as_json:
        print_json([UserView.of(user) for user in users])
        return
    rows = [(user.id, user.name, user.role, _state(user)) for user in users]
    print_columns([("ID", "NAME", "ROLE", "STATE"), *rows])


@app.command("set")
def set_(
    name: UserName,
    *,
    new_name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    role: Annotated[Literal["admin", "user"] | None, typer.Option(help="A new role.")] = None,
    config: ConfigFile = None,
) -> None:
    """Change a user; they have to sign in anew."""
    changes = parse_form(UserChanges, {"name": new_name, "role": role})
    require_changes(changes)

    async def work(repository: Repository) -> User:
        user = await find_user(repository, name)
        try:
            return await repository.change_user(user.id, name=changes.name, role=changes.role)
        except Conflict as error:
            taken = f"There is a user named {new_name!r} already."
            raise Conflict(taken if error.message == Conflict.sentence else error.message) from None

    user = with_repository(config, work)
    typer.echo(f"changed {user.role} {user.name}")


@app.command()
def password(
    name: UserName, *, password_stdin: PasswordStdin = False, config: ConfigFile = None
) -> None:
    """Give a user a new password; they have to sign in anew."""
    typed = read_new_password(from_stdin=password_stdin)
    parse_form(UserChanges, {"password": typed})

    async def work(repository: Repository) -> None:
        user = await find_user(repository, name)
        await repository.change_user(user.id, password_hash=await hash_once(typed))

    with_repository(config, work)
    typer.echo(f"changed the password of {name}")


@app.command()
def disable(
    name: UserName,
    *,
    enable: Annotated[bool, typer.Option("--enable", help="Let them in again.")] = False,
    config: ConfigFile = None,
) -> None:
    """Keep a user out, without removing them."""

    async def work(repository: Repository) -> User:
        user = await find_user(repository, name)
        return await repository.change_user(user.id, disabled=not enable)

    typer.echo(f"{_state(with_repository(config, work))} {name}")


@app.command()
def remove(
    name: UserName,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
) -> None:
    """Remove a user and their keys."""

    async def find(repository: Repository) -> int:
        return (await find_user(repository, name)).id

    user_id = with_repository(config, find)
    confirm(f"Remove {name} and their keys?", yes=yes)
    with_repository(config, lambda repository: repository.remove_user(user_id))
    typer.echo(f"removed {name}")


def _state(user: User) -> str:
    return "disabled" if user.disabled else "enabled"
