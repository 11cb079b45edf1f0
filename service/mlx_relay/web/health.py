"""Is the process alive, and is it ready for work?"""

import asyncio

from aiohttp import web

from mlx_relay.errors import Unavailable
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import DEGRADED_SINKS, IS_DRAINING, REDIS_TROUBLE, REPOSITORY

PING_SECONDS = 2.0


async def alive(request: web.Request) -> web.Response:
    del request
    return json_answer({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer 503 while the server goes down, or when its database does not answer.

    A side sink in trouble changes no stream, and without Redis this relay counts alone: the answer
    then is 200 and names it.
    """
    if request.app[IS_DRAINING]():
        raise Unavailable("The server is restarting. Try again in a moment.")
    try:
        async with asyncio.timeout(PING_SECONDS):
            await request.app[REPOSITORY].ping()
    except TimeoutError:
        raise Unavailable from None
    trouble = {"sinks": request.app[DEGRADED_SINKS](), "redis": request.app[REDIS_TROUBLE]()}
    if any(trouble.values()):
        named = {name: words for name, words in trouble.items() if words}
        return json_answer({"status": "degraded", **named})
    return json_answer({"status": "ready"})
