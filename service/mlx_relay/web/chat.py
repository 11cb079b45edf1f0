"""``POST /api/chat/completions``: a chat in; typed SSE events out."""

from datetime import UTC, datetime

import msgspec
from aiohttp import HttpVersion11, web
from aiohttp_sse import EventSourceResponse

from mlx_relay.auth.middleware import IDENTITY, Identity
from mlx_relay.errors import ProfileNotFound
from mlx_relay.pipeline import Pipeline
from mlx_relay.profiles import Profile
from mlx_relay.relay import Chat, new_stream_id
from mlx_relay.sinks import StreamInfo
from mlx_relay.sinks.sse import STALL_SECONDS, SseSink
from mlx_relay.web.app_keys import PROFILES, RELAY
from mlx_relay.web.body import read_form
from mlx_relay.web.chat_body import count_images, to_upstream
from mlx_relay.web.chat_form import ChatForm

MAX_BODY_BYTES = 32 * 1024 * 1024
HEARTBEAT_SECONDS = 15.0
VANISHED_SECONDS = STALL_SECONDS * 2
"""After this the kernel gives up a client that confirms nothing.

Later than the sink, which can tell one that reads too slowly from one that is gone.
"""


async def complete(request: web.Request) -> web.StreamResponse:
    """Relay one chat; what fails once the stream is open is an ``error`` event."""
    form = await read_form(request, ChatForm, limit=MAX_BODY_BYTES)
    profile = await request.app[PROFILES].get(form.profile_id)
    if not profile.enabled:
        raise ProfileNotFound
    chat = _chat(form, profile, request[IDENTITY])
    relay = request.app[RELAY]
    with relay.admit(chat.info.user_id, profile) as turn:
        response = EventSourceResponse(
            allow_all_methods=True,
            sep="\n",
            ping_interval=HEARTBEAT_SECONDS,
            send_timeout=VANISHED_SECONDS,
        )
        writer = await response.prepare(request)
        if writer is None:
            return response
        is_chunked = request.version >= HttpVersion11
        async with response:
            client = SseSink(request.protocol, writer.drain, is_chunked=is_chunked)
            await relay.run(chat, client, turn)
    return response


def _chat(form: ChatForm, profile: Profile, identity: Identity) -> Chat:
    return Chat(
        profile=profile,
        body=to_upstream(form, profile),
        pipeline=Pipeline(
            reasoning_parser=profile.reasoning_parser,
            tool_parser=profile.tool_parser,
            starts_in_thinking=_starts_in_thinking(form, profile),
            tools=[msgspec.to_builtins(tool) for tool in form.tools or []],
            max_tokens=form.max_tokens,
        ),
        info=StreamInfo(
            stream_id=new_stream_id(),
            user_id=identity.user_id,
            user=identity.name,
            profile_id=profile.id,
            profile=profile.name,
            model=profile.model_path,
            started_at=datetime.now(UTC),
            message_count=len(form.messages),
            image_count=count_images(form),
            tool_count=len(form.tools or []),
            max_tokens=form.max_tokens,
        ),
    )


def _starts_in_thinking(form: ChatForm, profile: Profile) -> bool | None:
    """Return what is known: the profile's word first, then that the request turned it off."""
    if profile.starts_in_thinking is None and form.chat_template_kwargs:
        asked = form.chat_template_kwargs.get("enable_thinking")
        return False if asked is False else None
    return profile.starts_in_thinking
