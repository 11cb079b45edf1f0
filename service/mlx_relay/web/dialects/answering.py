"""A chat and the encoder of a dialect in; the stream, or the whole answer, in its words out.

What fails before the first word of the answer is an HTTP status; after it, the encoder's error.
"""

import asyncio

from aiohttp import HttpVersion11, hdrs, web

from mlx_relay.errors import ProfileNotFound
from mlx_relay.events import Error
from mlx_relay.profiles import Profile
from mlx_relay.relayed_stream import Chat
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import PROFILES, RELAY
from mlx_relay.web.dialects.encoded import EncodedSink
from mlx_relay.web.dialects.encoder import Encoder
from mlx_relay.web.dialects.gathered import GatheringSink
from mlx_relay.web.dialects.held import HeldSink
from mlx_relay.web.errors import UNAVAILABLE_RETRY_SECONDS
from mlx_relay.web.event_stream import HEARTBEAT_SECONDS, event_stream

STATUSES = {
    "upstream_unreachable": 502,
    "upstream_timeout": 504,
    "upstream_rejected": 400,
    "upstream_busy": 503,
    "upstream_error": 502,
    "upstream_truncated": 502,
    "upstream_protocol": 502,
    "shutting_down": 503,
    "session_revoked": 401,
    "stopped": 503,
    "too_slow": 503,
    "limit_exceeded": 502,
    "internal": 500,
}
"""The HTTP status of each code of the ``error`` event, where it can still be said.

Clients of these APIs try again after 5xx, which helps nobody whose request the upstream refused.
"""


async def find_profile(request: web.Request, name: str) -> Profile:
    """Return the profile of that *name*; raises ProfileNotFound if nobody may use it."""
    profile = await request.app[PROFILES].get(name)
    if not profile.enabled:
        raise ProfileNotFound
    return profile


async def stream(request: web.Request, chat: Chat, encoder: Encoder) -> web.StreamResponse:
    """Relay *chat* as a stream, whose head waits for its first word, or for a heartbeat's time."""
    relay = request.app[RELAY]
    async with relay.admit(chat.info.user_id, chat.profile) as turn:
        client = HeldSink()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(relay.run(chat, client, turn))
            if failure := await client.failure(HEARTBEAT_SECONDS):
                return _failed(failure, encoder)
            response = event_stream()
            writer = await response.prepare(request)
            if writer is None:
                running.cancel()
                return response
            async with response:
                is_chunked = request.version >= HttpVersion11
                drain, encode = writer.drain, encoder.encode
                client.open(EncodedSink(request.protocol, drain, encode, is_chunked=is_chunked))
                await running
    return response


async def gather(request: web.Request, chat: Chat, encoder: Encoder) -> web.Response:
    """Relay *chat* and answer when it has ended; a client that leaves ends it at once."""
    relay = request.app[RELAY]
    async with relay.admit(chat.info.user_id, chat.profile) as turn:
        client = GatheringSink()
        await relay.run(chat, client, turn)
    if client.failure:
        return _failed(client.failure, encoder)
    return json_answer(encoder.whole(client.events))


def _failed(failure: Error, encoder: Encoder) -> web.Response:
    status, body = encoder.describe_error(STATUSES[failure.code], failure.code, failure.content)
    answer = json_answer(body, status=status)
    if status == 503:
        answer.headers[hdrs.RETRY_AFTER] = str(UNAVAILABLE_RETRY_SECONDS)
    # The clients of these APIs try again by themselves unless they are told.
    answer.headers["X-Should-Retry"] = "true" if failure.retryable else "false"
    return answer
