"""A request's headers in; the one credential it brings out. The only place that looks for one."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiohttp import hdrs, web

from mlx_relay.auth.api_keys import PREFIX
from mlx_relay.errors import Unauthorized

Channel: TypeAlias = Literal["token", "cookie", "api_key"]


@dataclass(frozen=True)
class Credential:
    """A secret and how it came; not yet looked at."""

    via: Channel
    secret: str


def find_credential(request: web.BaseRequest, cookie_name: str) -> Credential:
    """Return what *request* brings; an Authorization header wins over the cookie.

    Raises Unauthorized when it brings nothing, two headers, or another scheme than Bearer.
    """
    headers = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(headers) > 1:
        raise Unauthorized(reason="two_headers")
    if headers:
        return _from_header(headers[0])
    cookie = request.cookies.get(cookie_name) if hdrs.COOKIE in request.headers else None
    if not cookie:
        raise Unauthorized(reason="missing")
    return Credential("cookie", cookie)


def _from_header(header: str) -> Credential:
    scheme, _, secret = header.strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized(reason="malformed")
    return Credential("api_key" if secret.startswith(PREFIX) else "token", secret)
