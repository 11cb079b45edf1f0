"""Errors in; ``{"error": {"code", "message", "request_id"}}`` with the right status out."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from aiohttp import hdrs, web

from mlx_relay.errors import (
    BadRequest,
    HeadTooLarge,
    MethodNotAllowed,
    Misdirected,
    NotFound,
    NotSupported,
    RateLimited,
    RequestError,
    RequestTimeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    VersionNotSupported,
)
from mlx_relay.web.answers import json_answer

REQUEST_ID = web.RequestKey("request_id", str)
UNAVAILABLE_RETRY_SECONDS = 5

_HAS_STARTED = web.RequestKey("has_started", bool)
_OURS: dict[int, type[RequestError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}
_ENDS_THE_CONNECTION = (
    # What is left of the body is not worth waiting for.
    TooLarge,
    RequestTimeout,
    # Whoever frames a request in a way of their own may mean another end of it than we do.
    BadRequest,
    HeadTooLarge,
    Misdirected,
    NotSupported,
    VersionNotSupported,
)
ErrorForm: TypeAlias = Callable[[int, str, str], tuple[int, object]]
"""Status, code and message in; the status and the body of an answer in other words out."""

_FORMS: web.AppKey[Mapping[str, ErrorForm]] = web.AppKey("error_forms")
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger(__name__)


def setup_errors(app: web.Application, forms: Mapping[str, ErrorForm] | None = None) -> None:
    """Answer every error of the concerns that are set up after this one.

    *forms* say it in other words below an address, ``/v1/``.
    """
    app[_FORMS] = forms or {}
    app.on_response_prepare.append(_note_start)
    app.middlewares.append(_answer_errors)


@web.middleware
async def _answer_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    request[REQUEST_ID] = secrets.token_hex(16)
    structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    try:
        return await handler(request)
    except RequestError as error:
        return error_answer(error, request[REQUEST_ID], form=_form_for(request))
    except web.HTTPException as error:
        if error.status not in _OURS:
            raise
        ours = _OURS[error.status]()
        allow = error.headers.get(hdrs.ALLOW)
        return error_answer(ours, request[REQUEST_ID], allow=allow, form=_form_for(request))
    except Exception as error:
        if _HAS_STARTED in request:
            # A second response would land inside the first: aiohttp closes the connection.
            raise
        _log.exception("request_failed", request_id=request[REQUEST_ID], error=type(error).__name__)
        return error_answer(RequestError(), request[REQUEST_ID], form=_form_for(request))


async def _note_start(request: web.Request, response: web.StreamResponse) -> None:
    del response
    request[_HAS_STARTED] = True


def error_answer(
    error: RequestError,
    request_id: str,
    *,
    allow: str | None = None,
    form: ErrorForm | None = None,
) -> web.Response:
    """Return what the client is told; *allow* are the methods that an address takes."""
    if form:
        status, body = form(error.status, error.code, error.message)
    else:
        ours = {"code": error.code, "message": error.message, "request_id": request_id}
        status, body = error.status, {"error": ours}
    response = json_answer(body, status=status)
    if allow:
        response.headers[hdrs.ALLOW] = allow
    match error:
        case Unauthorized():
            response.headers[hdrs.WWW_AUTHENTICATE] = _challenge(error)
        case RateLimited():
            response.headers[hdrs.RETRY_AFTER] = str(error.retry_after)
        case Unavailable():
            response.headers[hdrs.RETRY_AFTER] = str(UNAVAILABLE_RETRY_SECONDS)
        case _:
            pass
    if isinstance(error, _ENDS_THE_CONNECTION):
        response.force_close()
    return response


def _form_for(request: web.Request) -> ErrorForm | None:
    forms = request.app[_FORMS].items()
    return next((form for prefix, form in forms if request.path.startswith(prefix)), None)


def _challenge(error: Unauthorized) -> str:
    """RFC 6750 3: who brought no credentials is told no error."""
    return "Bearer" if error.reason == "missing" else 'Bearer error="invalid_token"'
