"""``/api/chat/streams/{id}``: a user's resumable stream, from where a client left off; and its end.

Who asks for another user's stream is told what is said of one that never was.
"""

import re
from typing import Final

from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import BadRequest, NotFound
from mlx_relay.streams import Streams
from mlx_relay.web.answers import empty_answer
from mlx_relay.web.app_keys import STREAMS
from mlx_relay.web.stream_reading import read_stream

LAST_EVENT_ID: Final = "Last-Event-ID"
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


async def resume(request: web.Request) -> web.StreamResponse:
    """Answer with what follows ``Last-Event-ID``; without it, with all that is kept."""
    after = _last_event_id(request)
    source = await _streams(request).find(request[IDENTITY].user_id, request.match_info["id"])
    return await read_stream(request, source, after)


async def stop(request: web.Request) -> web.Response:
    await _streams(request).stop(request[IDENTITY].user_id, request.match_info["id"])
    return empty_answer()


async def end_reading(app: web.Application) -> None:
    """The service ends: who reads a stream of another one here has to come again."""
    if streams := app[STREAMS]:
        streams.end_reading()


def _streams(request: web.Request) -> Streams:
    if (streams := request.app[STREAMS]) is None:
        raise NotFound
    return streams


def _last_event_id(request: web.Request) -> int:
    text = request.headers.get(LAST_EVENT_ID, "0")
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f"{LAST_EVENT_ID}: It must be the number of an event.")
    return int(text)
