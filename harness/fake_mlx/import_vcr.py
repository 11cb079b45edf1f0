"""A cassette of vcrpy in (YAML, which needs PyYAML); a cassette for each interaction out."""

import importlib
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fake_mlx.cassette import CassetteError
from fake_mlx.exchange import Cassette
from fake_mlx.import_common import cassette_of, json_body, numbered
from fake_mlx.importer import Asked


class Status(msgspec.Struct, frozen=True):
    code: int
    message: str | None = None


class Body(msgspec.Struct, frozen=True):
    string: Any = b""


class Answer(msgspec.Struct, frozen=True):
    status: Status
    body: Body
    headers: dict[str, list[str] | str] = {}


class Asking(msgspec.Struct, frozen=True):
    method: str
    uri: str
    body: Any = None
    headers: dict[str, list[str] | str] = {}


class Interaction(msgspec.Struct, frozen=True):
    request: Asking
    response: Answer


class Tape(msgspec.Struct, frozen=True):
    interactions: list[Interaction]


def import_vcr(data: bytes, name: str, where: str) -> list[Cassette]:
    """Return a cassette for each interaction in *data*; raises CassetteError."""
    return cassettes_of(_loaded(data, where), name, where)


def cassettes_of(tape: Any, name: str, where: str) -> list[Cassette]:
    """Return a cassette for each interaction of the YAML value *tape*; raises CassetteError."""
    try:
        interactions = msgspec.convert(tape, Tape).interactions
    except msgspec.ValidationError as error:
        raise CassetteError(where, 1, f"no vcr cassette: {error}") from error
    return [
        _cassette(interaction, numbered(name, number, len(interactions)), where)
        for number, interaction in enumerate(interactions, 1)
    ]


def _loaded(data: bytes, where: str) -> Any:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise CassetteError(where, 1, "vcr cassettes need PyYAML: pip install pyyaml") from None
    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise CassetteError(where, 1, f"not YAML: {str(error).splitlines()[0]}") from error


def _cassette(interaction: Interaction, name: str, where: str) -> Cassette:
    request, response = interaction.request, interaction.response
    url = urlsplit(request.uri)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    body = _bytes(request.body, where).decode("utf-8", "replace")
    return cassette_of(
        name,
        where,
        _bytes(response.body.string, where),
        asked=Asked(request.method, path, dict(_pairs(request.headers)), **json_body(body)),
        status=(response.status.code, response.status.message or ""),
        headers=_pairs(response.headers),
        kind="a vcr cassette",
    )


def _bytes(value: object, where: str) -> bytes:
    """Return a body: YAML has text, bytes where it is not UTF-8, or nothing."""
    match value:
        case None:
            return b""
        case bytes():
            return value
        case str():
            return value.encode()
        case _:
            raise CassetteError(where, 1, "no vcr cassette: a body is neither text nor bytes")


def _pairs(headers: dict[str, list[str] | str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
