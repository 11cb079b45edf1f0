"""``mlx-relay profile``: the profiles of a relay, in its database."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import typer

from mlx_relay.cli.database import with_repository
from mlx_relay.cli.options import AsJson, ConfigFile, StartsInThinking, parser_or_none
from mlx_relay.cli.output import print_columns, print_json
from mlx_relay.cli.typed_in import read_line_of_stdin
from mlx_relay.config import load_settings
from mlx_relay.errors import Conflict, ProfileNotFound
from mlx_relay.profiles import ModelType, Profile
from mlx_relay.storage import Repository
from mlx_relay.upstream import AddressPolicy
from mlx_relay.web.forms import ProfileChanges, ProfileForm, changes_of, parse_form

app = typer.Typer(help="The MLX servers that a relay talks to.", rich_markup_mode=None)

ProfileName: TypeAlias = Annotated[str, typer.Argument(metavar="NAME")]
Port: TypeAlias = Annotated[int, typer.Option(help="Port of the MLX server.")]
Host: TypeAlias = Annotated[str, typer.Option(help="Host name or address of the MLX server.")]
ModelPath: TypeAlias = Annotated[str, typer.Option(help="The model's name on that server.")]
Scheme: TypeAlias = Annotated[Literal["http", "https"] | None, typer.Option()]
BasePath: TypeAlias = Annotated[str | None, typer.Option(help="Default: /v1.")]
ApiKeyStdin: TypeAlias = Annotated[
    bool,
    typer.Option("--api-key-stdin", help="Read the server's key from stdin; empty means none."),
]
ReasoningParser: TypeAlias = Annotated[
    str | None, typer.Option(metavar="auto|none|NAME", help="Format of reasoning; default: auto.")
]
ToolParser: TypeAlias = Annotated[
    str | None, typer.Option(metavar="none|NAME", help="Format of tool calls; default: none.")
]
Kind: TypeAlias = Annotated[ModelType | None, typer.Option("--model-type")]


@app.command()
def add(  # noqa: PLR0913  a command's options are its parameters
    name: ProfileName,
    *,
    host: Host,
    port: Port,
    model_path: ModelPath,
    scheme: Scheme = None,
    base_path: BasePath = None,
    api_key_stdin: ApiKeyStdin = False,
    reasoning_parser: ReasoningParser = None,
    tool_parser: ToolParser = None,
    starts_in_thinking: StartsInThinking = None,
    model_type: Kind = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Add a profile: an MLX server, one of its models, and how to read it."""
    fields = _fields(
        api_key_stdin=api_key_stdin,
        name=name,
        host=host,
        port=port,
        model_path=model_path,
        scheme=scheme,
        base_path=base_path,
        reasoning_parser=reasoning_parser,
        tool_parser=tool_parser,
        starts_in_thinking=starts_in_thinking,
        model_type=model_type,
    )
    form = parse_form(ProfileForm, fields)
    _check_host(form.host, config)

    async def work(repository: Repository) -> Profile:
        try:
            return await repository.add_profile(form)
        except Conflict:
            raise _taken(name) from None

    profile = with_repository(config, work)
    if as_json:
        print_json(_view(profile))
    else:
        typer.echo(f"added profile {profile.name} (id {profile.id})")


@app.command("list")
def list_(*, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List the profiles."""
    profiles = with_repository(config, lambda repository: repository.profiles())
    if as_json:
        print_json([_view(profile) for profile in profiles])
        return
    rows = [(one.id, one.name, one.base_url, one.model_path, _state(one)) for one in profiles]
    print_columns([("ID", "NAME", "SERVER", "MODEL", "STATE"), *rows])


@app.command("set")
def set_(  # noqa: PLR0913  a command's options are its parameters
    name: ProfileName,
    *,
    new_name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    model_path: Annotated[str | None, typer.Option()] = None,
    scheme: Scheme = None,
    base_path: BasePath = None,
    api_key_stdin: ApiKeyStdin = False,
    reasoning_parser: ReasoningParser = None,
    tool_parser: ToolParser = None,
    starts_in_thinking: StartsInThinking = None,
    model_type: Kind = None,
    config: ConfigFile = None,
) -> None:
    """Change a profile."""
    fields = _fields(
        api_key_stdin=api_key_stdin,
        name=new_name,
        host=host,
        port=port,
        model_path=model_path,
        scheme=scheme,
        base_path=base_path,
        reasoning_parser=reasoning_parser,
        tool_parser=tool_parser,
        starts_in_thinking=starts_in_thinking,
        model_type=model_type,
    )
    changes = changes_of(parse_form(ProfileChanges, fields))
    if host is not None:
        _check_host(host, config)

    async def work(repository: Repository) -> Profile:
        profile = await _find(repository, name)
        try:
            return await repository.change_profile(profile.id, changes)
        except Conflict:
            raise _taken(new_name) from None

    typer.echo(f"changed profile {with_repository(config, work).name}")


@app.command()
def disable(
    name: ProfileName,
    *,
    enable: Annotated[bool, typer.Option("--enable", help="Offer it again.")] = False,
    config: ConfigFile = None,
) -> None:
    """Offer a profile to nobody, without removing it."""

    async def work(repository: Repository) -> Profile:
        profile = await _find(repository, name)
        return await repository.change_profile(profile.id, {"enabled": enable})

    typer.echo(f"{_state(with_repository(config, work))} {name}")


@app.command()
def remove(name: ProfileName, *, config: ConfigFile = None) -> None:
    """Remove a profile."""

    async def work(repository: Repository) -> None:
        await repository.remove_profile((await _find(repository, name)).id)

    with_repository(config, work)
    typer.echo(f"removed profile {name}")


def _check_host(host: str, config: Path | None) -> None:
    """Raise InvalidRequest if the relay would not connect to *host*."""
    AddressPolicy(load_settings(config).allowed_public_upstreams).check_host(host)


def _fields(*, api_key_stdin: bool, **options: Any) -> dict[str, Any]:
    """Return the options that were given as a form's fields."""
    fields = {name: value for name, value in options.items() if value is not None}
    for name in ("reasoning_parser", "tool_parser"):
        if name in fields:
            fields[name] = parser_or_none(fields[name])
    if api_key_stdin:
        fields["api_key"] = read_line_of_stdin("api_key") or None
    return fields


async def _find(repository: Repository, name: str) -> Profile:
    profile = await repository.profile_by_name(name)
    if profile is None:
        raise ProfileNotFound(f"There is no profile named {name!r}.")
    return profile


def _taken(name: str | None) -> Conflict:
    return Conflict(f"There is a profile named {name!r} already.")


def _view(profile: Profile) -> dict[str, Any]:
    """Return all of *profile* but its key, which nobody gets back."""
    fields = msgspec.structs.asdict(profile)
    has_api_key = fields.pop("api_key") is not None
    return {"id": fields.pop("id"), **fields, "has_api_key": has_api_key}


def _state(profile: Profile) -> str:
    return "enabled" if profile.enabled else "disabled"
