"""A handler in; one that runs to its end, whether or not its client stays, out.

aiohttp cancels a handler when the client leaves. A stream wants just that. Anything else is short,
and a database call that is cancelled half-way may leave its transaction open in the driver's
thread, with the lock that every writer needs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_RUNNING = web.AppKey("finishing", asyncio.TaskGroup)


def setup_finishing(app: web.Application) -> None:
    """Own the handlers whose clients have left; the application's end waits for them."""
    app.cleanup_ctx.append(_running)


def finishing(handler: Handler) -> Handler:
    """Return *handler*, run in a task that the client's leaving does not reach."""

    async def finish(request: web.Request) -> web.StreamResponse:
        task = request.app[_RUNNING].create_task(_outcome(handler, request))
        outcome = await asyncio.shield(task)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return finish


async def _outcome(handler: Handler, request: web.Request) -> web.StreamResponse | Exception:
    """Return also what *handler* raises: in a group it would end the tasks of all others."""
    try:
        return await handler(request)
    except Exception as error:  # noqa: BLE001 - it is raised again where the client is answered
        return error


async def _running(app: web.Application) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        app[_RUNNING] = group
        yield
