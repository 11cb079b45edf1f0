"""``GET /api/config``: what the page must know of this server before it asks for anything."""

import msgspec
from aiohttp import web

from mlx_relay import __version__
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import CONVERSATIONS, STREAMS
from mlx_relay.web.chat import MAX_BODY_BYTES
from mlx_relay.web.chat_form import IMAGE_TYPES, MAX_MESSAGES
from mlx_relay.web.event_stream import HEARTBEAT_SECONDS

MAX_ATTACHMENTS = 3
"""Of one message, in the page: a chat has no such limit of its own."""


class PageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in bytes, seconds and pieces.

    *conversations* says whether they are kept here, *resumable* whether streams can be resumed.
    """

    version: str
    conversations: bool
    resumable: bool
    max_body_bytes: int
    max_attachments: int
    image_types: tuple[str, ...]
    heartbeat_seconds: float
    max_messages: int


async def show_config(request: web.Request) -> web.Response:
    config = PageConfig(
        version=__version__,
        conversations=request.app[CONVERSATIONS] is not None,
        resumable=request.app[STREAMS] is not None,
        max_body_bytes=MAX_BODY_BYTES,
        max_attachments=MAX_ATTACHMENTS,
        image_types=IMAGE_TYPES,
        heartbeat_seconds=HEARTBEAT_SECONDS,
        max_messages=MAX_MESSAGES,
    )
    return json_answer(config)
