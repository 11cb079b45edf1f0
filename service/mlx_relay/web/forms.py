"""What people type for users, profiles and keys, with its types and ranges.

A value from JSON or from the command line in; a form out, or InvalidRequest that names the field.
No message repeats what was typed: it may be a password.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mlx_relay.errors import InvalidRequest
from mlx_relay.grants import Scope
from mlx_relay.pipeline import UnknownParser, check_parser
from mlx_relay.profiles import Deadlines, ModelType, ProfileFields
from mlx_relay.storage.records import Role
from mlx_relay.web.form_errors import describe
from mlx_relay.web.host_names import is_host

MAX_PASSWORD_BYTES = 1024

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
NewPassword: TypeAlias = Annotated[str, Meta(min_length=8)]
Port: TypeAlias = Annotated[int, Meta(ge=1, le=65535)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=86_400)]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1024)]
MaxStreams: TypeAlias = Annotated[int, Meta(ge=0, le=10_000)]
Scheme: TypeAlias = Literal["http", "https"]

_Kind = TypeVar("_Kind")


def parse_form(kind: type[_Kind], data: object, *, strict: bool = True) -> _Kind:
    """Return *data* as a *kind*; raises InvalidRequest, which names the field and says why.

    *strict* is off where everything is text, numbers too.
    """
    try:
        return msgspec.convert(data, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise InvalidRequest(describe(error)) from None


def require_changes(form: Struct) -> None:
    """Raise InvalidRequest if *form*, all of whose fields are optional, sets none of them."""
    if form == type(form)():
        raise InvalidRequest("Name at least one field to change.")


def changes_of(form: Struct) -> dict[str, object]:
    """Return the fields that *form* sets, by name; at least one, else InvalidRequest."""
    require_changes(form)
    values = {name: getattr(form, name) for name in form.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}


class Form(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Checks what a type cannot say, by the name of the field."""

    def __post_init__(self) -> None:
        check_fields(self)


class LoginForm(Form, frozen=True):
    username: Name
    password: str


class PasswordForm(Form, frozen=True):
    current_password: str
    new_password: NewPassword


class UserForm(Form, frozen=True):
    name: Name
    password: NewPassword
    role: Role = "user"


class UserChanges(Form, frozen=True):
    """null leaves a field as it is."""

    name: Name | None = None
    password: NewPassword | None = None
    role: Role | None = None
    disabled: bool | None = None


class KeyForm(Form, frozen=True):
    """*expires_at* with its time zone; without it the key does not expire.

    Without *scopes* the key may do what the one who makes it may do.
    """

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class DeadlinesForm(Deadlines, frozen=True, kw_only=True, forbid_unknown_fields=True):
    connect: Seconds = Deadlines().connect
    response_head: Seconds = Deadlines().response_head
    first_event: Seconds = Deadlines().first_event
    next_event: Seconds = Deadlines().next_event
    total: Seconds = Deadlines().total


class ProfileForm(ProfileFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    port: Port
    api_key: Text | None = None
    model_path: Text
    deadlines: DeadlinesForm = DeadlinesForm()
    max_streams: MaxStreams = 0

    def __post_init__(self) -> None:
        check_fields(self)


class ProfileChanges(Form, frozen=True):
    """null takes a value away, where the profile can be without it."""

    name: Name | UnsetType = UNSET
    scheme: Scheme | UnsetType = UNSET
    host: str | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    base_path: str | UnsetType = UNSET
    api_key: Text | UnsetType | None = UNSET
    model_path: Text | UnsetType = UNSET
    model_type: ModelType | UnsetType = UNSET
    reasoning_parser: str | UnsetType | None = UNSET
    tool_parser: str | UnsetType | None = UNSET
    starts_in_thinking: bool | UnsetType | None = UNSET
    keeps_reasoning: bool | UnsetType = UNSET
    deadlines: DeadlinesForm | UnsetType = UNSET
    max_streams: MaxStreams | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


def check_fields(form: Struct) -> None:
    """Raise ValueError for the first text field that breaks the rule of its name."""
    for name in form.__struct_fields__:
        value = getattr(form, name)
        complaint = _RULES[name](value) if name in _RULES and isinstance(value, str) else None
        if complaint:
            raise ValueError(f"{name}: {complaint}")


def _check_name(text: str) -> str | None:
    if text.isprintable() and text.strip() == text:
        return None
    return "It may hold printable characters only, and no space at its ends."


def _check_password(text: str) -> str | None:
    try:
        fits = len(text.encode()) <= MAX_PASSWORD_BYTES
    except UnicodeEncodeError:
        return "It is not text."
    return None if fits else f"It may be at most {MAX_PASSWORD_BYTES} bytes long."


def _check_host(text: str) -> str | None:
    return (
        None if is_host(text) else "It is not a host name or an IP address in its usual spelling."
    )


_BASE_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*")


def _check_base_path(text: str) -> str | None:
    if _BASE_PATH.fullmatch(text) and len(text) <= 255:
        return None
    return "It must be a plain path like /v1, without a slash at its end."


def _check_parser(text: str) -> str | None:
    try:
        check_parser(text)
    except UnknownParser as error:
        return str(error)
    return None


_RULES: dict[str, Callable[[str], str | None]] = {
    "username": _check_name,
    "name": _check_name,
    "model_path": _check_name,
    "api_key": _check_name,
    "password": _check_password,
    "current_password": _check_password,
    "new_password": _check_password,
    "host": _check_host,
    "base_path": _check_base_path,
    "reasoning_parser": _check_parser,
    "tool_parser": _check_parser,
}
