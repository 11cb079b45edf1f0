"""``GET /api/openapi.json``: the routes and ``OPERATIONS`` in; the document about them out.

It is made when somebody asks for it first.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from mlx_relay import __version__, errors
from mlx_relay.auth.access import Access
from mlx_relay.web.answers import json_answer
from mlx_relay.web.finishing import Handler
from mlx_relay.web.openapi_operations import OPERATIONS, Media, OpenAiRefusal, Operation

OF_ANY_REQUEST: Final = (400, 421, 431, 500, 501, 505)
OF_THE_DATABASE: Final = (503,)
OF_A_BODY: Final = (408, 413, 415, 422)

IN_OTHER_WORDS: Final = "/v1/"
"""Below it every refusal has the form of a dialect, which has no 422: a 400 names the field."""

SCHEMAS: Final = "#/components/schemas/"
_DOCUMENT: web.AppKey[Callable[[], dict[str, Any]]] = web.AppKey("openapi_document")
_PART: Final = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
_OPENAI: Final = {"application/json": {"schema": {"$ref": f"{SCHEMAS}OpenAiRefusal"}}}
_IDENTITIES: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"cookie": []}]


class Described(Protocol):
    """What the document needs of a route."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def handler(self) -> Handler: ...
    @property
    def access(self) -> Access: ...


def setup_openapi(app: web.Application, routes: Iterable[Described]) -> None:
    document: Callable[[], dict[str, Any]] = cache(lambda: describe(routes))
    app[_DOCUMENT] = document


async def show_openapi(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(request.app[_DOCUMENT]))


_OPERATIONS: Final = {
    **OPERATIONS,
    show_openapi: Operation(summary="This document", answers={200: dict[str, Any]}),
}


def describe(routes: Iterable[Described]) -> dict[str, Any]:
    """Return the OpenAPI document of *routes*: 3.2, the first to know streams of events."""
    types = [type_ for operation in _OPERATIONS.values() for type_ in _types_of(operation)]
    schemas = _Schemas([OpenAiRefusal, *types])
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        template = _PART.sub(r"{\1}", route.path)
        paths.setdefault(template, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.2.0",
        "info": {"title": "mlx-relay", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {"Refusal": _refusal_schema(), **schemas.components},
            "responses": {
                **{str(status): _refusal(status) for status in _kinds_by_status()},
                "OpenAi": {"description": "An error as OpenAI says it.", "content": _OPENAI},
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "mlx_relay_session"},
            },
        },
    }


class _Schemas:
    """The JSON schemas of *types*, which refer to the document's components."""

    def __init__(self, types: Iterable[Any]) -> None:
        listed = list(types)
        found, self.components = msgspec.json.schema_components(
            listed, ref_template=f"{SCHEMAS}{{name}}"
        )
        self._found = list(zip(listed, found, strict=True))

    def of(self, type_: Any) -> dict[str, Any]:
        return next(schema for known, schema in self._found if known == type_)

    def fields_of(self, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """Return the whole schema of *kind*, where ``of`` only refers to it."""
        schema: dict[str, Any] = self.components[self.of(kind)["$ref"].removeprefix(SCHEMAS)]
        return schema


def _types_of(operation: Operation) -> Iterator[Any]:
    yield from (type_ for type_ in (operation.body, operation.query) if type_ is not None)
    for answer in operation.answers.values():
        for one in _several(answer):
            type_ = one.item if isinstance(one, Media) else one
            if type_ is not None:
                yield type_


def _several(answer: Any) -> tuple[Any, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _operation(route: Described, schemas: _Schemas) -> dict[str, Any]:
    operation = _OPERATIONS[route.handler]
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*_path_parameters(route.path), *_query_parameters(operation, schemas)],
        "responses": {
            **_refused(route, operation),
            **{str(status): _answer(one, schemas) for status, one in operation.answers.items()},
        },
    }
    if operation.body is not None:
        content = {"application/json": {"schema": schemas.of(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    if route.access != "public":
        described["security"] = _IDENTITIES
    return described


def _refused(route: Described, operation: Operation) -> dict[str, Any]:
    if route.path.startswith(IN_OTHER_WORDS):
        statuses = [status for status in _refusals(route, operation) if status != 422]
        answer = {"$ref": "#/components/responses/OpenAi"}
        return {str(status): answer for status in statuses}
    return {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in _refusals(route, operation)
    }


def _refusals(route: Described, operation: Operation) -> list[int]:
    """Return every status with which *route* may refuse a request."""
    statuses = {*OF_ANY_REQUEST, *OF_THE_DATABASE, *operation.refusals}
    if route.access != "public":
        statuses |= {401, 403}
    if operation.body is not None:
        statuses |= set(OF_A_BODY)
    if operation.query is not None:
        statuses.add(422)
    if _PART.search(route.path):
        statuses.add(404)
    return sorted(statuses)


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^(?:{pattern})$"},
        }
        for name, pattern in _PART.findall(path)
    ]


def _query_parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    fields = schemas.fields_of(operation.query)
    return [
        {"name": name, "in": "query", "required": name in fields["required"], "schema": schema}
        for name, schema in fields["properties"].items()
    ]


def _answer(answer: Any, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    kinds = [one for one in _several(answer) if one is not None]
    for media in (one for one in kinds if isinstance(one, Media)):
        content[media.type] = _media(media, schemas)
    json_schemas = [schemas.of(one) for one in kinds if not isinstance(one, Media)]
    if json_schemas:
        schema = json_schemas[0] if len(json_schemas) == 1 else {"anyOf": json_schemas}
        content["application/json"] = {"schema": schema}
    return {"description": "It went well.", **({"content": content} if content else {})}


def _media(media: Media, schemas: _Schemas) -> dict[str, Any]:
    if media.item is None:
        return {"schema": {"type": "string"}}
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": schemas.of(media.item),
    }
    return {"itemSchema": {"type": "object", "properties": {"data": data}, "required": ["data"]}}


def _kinds_by_status() -> dict[int, list[type[errors.RequestError]]]:
    kinds: dict[int, list[type[errors.RequestError]]] = {}
    for kind in _with_children(errors.RequestError):
        kinds.setdefault(kind.status, []).append(kind)
    return kinds


def _with_children(kind: type[errors.RequestError]) -> Iterator[type[errors.RequestError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _with_children(child)


def _refusal(status: int) -> dict[str, Any]:
    kinds = _kinds_by_status()[status]
    return {
        "description": " ".join(f"`{kind.code}`: {kind.sentence}" for kind in kinds),
        "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}Refusal"}}},
    }


def _refusal_schema() -> dict[str, Any]:
    codes = sorted({kind.code for kind in _with_children(errors.RequestError)})
    fields = {
        "code": {"enum": codes},
        "message": {"type": "string"},
        "request_id": {"type": "string"},
    }
    error = {"type": "object", "properties": fields, "required": list(fields)}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}
