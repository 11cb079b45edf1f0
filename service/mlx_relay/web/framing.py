"""Requests in; those that every server reads alike, or an error that closes the connection, out.

aiohttp's parser refuses most of what is ambiguous (both lengths at once, bare line ends, folded
headers). This is what it lets through (RFC 9112).
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import HttpVersion10, HttpVersion11, hdrs, web

from mlx_relay.errors import BadRequest, HeadTooLarge, NotSupported, VersionNotSupported

MAX_HEAD_BYTES = 32 * 1024
"""Of all headers together: aiohttp itself would take 128 of 8 KiB each."""

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup_framing(app: web.Application) -> None:
    """Let no request reach the concerns that are set up after this one but a well-framed one."""
    app.middlewares.append(_refuse_bad_framing)


@web.middleware
async def _refuse_bad_framing(request: web.Request, handler: _Handler) -> web.StreamResponse:
    check_framing(request)
    return await handler(request)


def check_framing(request: web.BaseRequest) -> None:
    """Raise VersionNotSupported, BadRequest, NotSupported or HeadTooLarge."""
    if request.version not in (HttpVersion10, HttpVersion11):
        raise VersionNotSupported
    if not _names_a_resource(request.raw_path):
        raise NotSupported
    if hdrs.TRANSFER_ENCODING in request.headers:
        _check_transfer_encoding(request)
    if sum(len(name) + len(value) for name, value in request.raw_headers) > MAX_HEAD_BYTES:
        raise HeadTooLarge


def _names_a_resource(target: str) -> bool:
    """Return whether *target* is a path or a whole URL: not ``*``, not CONNECT's host."""
    return target.startswith(("/", "http://", "https://"))


def _check_transfer_encoding(request: web.BaseRequest) -> None:
    """RFC 9112 6.1: one coding, ``chunked``; none in HTTP/1.0, whose proxies do not know it."""
    if request.version == HttpVersion10:
        raise BadRequest
    values = request.headers.getall(hdrs.TRANSFER_ENCODING)
    if len(values) != 1 or values[0].strip().lower() != "chunked":
        raise NotSupported
