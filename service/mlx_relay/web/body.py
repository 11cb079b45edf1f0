"""A request's body in; the form it fills out, or the error that says what is wrong with it."""

import asyncio
from typing import Any, TypeVar

from aiohttp import hdrs, web

from mlx_relay.errors import InvalidJson, RequestTimeout, TooLarge, UnsupportedMediaType
from mlx_relay.web import strict_json
from mlx_relay.web.forms import parse_form

BIG_BODY_BYTES = 256 * 1024
"""A body above this is parsed in a thread: many small objects would stall the loop."""

_Form = TypeVar("_Form")


async def read_form(
    request: web.Request, kind: type[_Form], *, limit: int = 64 * 1024, seconds: float = 30.0
) -> _Form:
    """Return the body of *request* as a *kind*; raises as ``read_json``, or InvalidRequest."""
    return parse_form(kind, await read_json(request, limit=limit, seconds=seconds))


async def read_json(request: web.Request, *, limit: int, seconds: float = 30.0) -> Any:
    """Return the JSON value in the body of *request*.

    *limit* in bytes; *seconds* for the whole body, because aiohttp waits for ever for the rest.
    Raises UnsupportedMediaType, TooLarge, RequestTimeout or InvalidJson.
    """
    _check_media_type(request)
    if (request.content_length or 0) > limit:
        raise TooLarge
    try:
        # A small body is here with its head; a timer would cost more than to read it.
        async with asyncio.timeout(None if request.content.is_eof() else seconds):
            data = await _read(request, limit)
    except TimeoutError:
        # Else aiohttp would wait for the rest once more before it closes the connection.
        request.content.feed_eof()
        raise RequestTimeout from None
    return await _load(data)


def parse_query(request: web.Request, kind: type[_Form]) -> _Form:
    """Return the query of the address as a *kind*; raises InvalidRequest."""
    return parse_form(kind, dict(request.query), strict=False)


def path_id(request: web.Request) -> int:
    """Return the ``{id}`` of the address; its route's pattern lets only numbers in."""
    return int(request.match_info["id"])


def _check_media_type(request: web.Request) -> None:
    charset = (request.charset or "utf-8").lower()
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower()
    if request.content_type != "application/json" or charset != "utf-8" or encoding != "identity":
        raise UnsupportedMediaType


async def _read(request: web.Request, limit: int) -> bytes:
    data = bytearray()
    try:
        async for piece in request.content.iter_any():
            data += piece
            if len(data) > limit:
                raise TooLarge
    except web.RequestPayloadError:
        raise InvalidJson("The request body did not arrive whole.") from None
    return bytes(data)


async def _load(data: bytes) -> Any:
    if len(data) > BIG_BODY_BYTES:
        return await asyncio.to_thread(strict_json.load, data)
    return strict_json.load(data)
