"""``POST /api/chat/completions``: a chat in; typed SSE events out."""

from datetime import UTC, datetime

import msgspec
from aiohttp import HttpVersion11, web

from mlx_relay.auth.middleware import IDENTITY, Identity
from mlx_relay.errors import InvalidRequest, ProfileNotFound
from mlx_relay.pipeline import Pipeline
from mlx_relay.profiles import Profile
from mlx_relay.relay import new_stream_id
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import StreamInfo
from mlx_relay.sinks.sse import SseSink
from mlx_relay.web.app_keys import PROFILES, RELAY, STREAMS
from mlx_relay.web.body import read_form
from mlx_relay.web.chat_body import count_images, to_upstream
from mlx_relay.web.chat_form import ChatFields, ChatForm
from mlx_relay.web.event_stream import event_stream
from mlx_relay.web.stream_reading import read_stream

MAX_BODY_BYTES = 32 * 1024 * 1024


async def complete(request: web.Request) -> web.StreamResponse:
    """Relay one chat; what fails once the stream is open is an ``error`` event."""
    form = await read_form(request, ChatForm, limit=MAX_BODY_BYTES)
    profile = await request.app[PROFILES].get(form.profile_id)
    if not profile.enabled:
        raise ProfileNotFound
    chat = make_chat(form, profile, request[IDENTITY])
    if form.resumable:
        return await _complete_resumably(request, chat)
    relay = request.app[RELAY]
    async with relay.admit(chat.info.user_id, profile) as turn:
        response = event_stream()
        writer = await response.prepare(request)
        if writer is None:
            return response
        is_chunked = request.version >= HttpVersion11
        async with response:
            client = SseSink(request.protocol, writer.drain, is_chunked=is_chunked)
            await relay.run(chat, client, turn)
    return response


async def _complete_resumably(request: web.Request, chat: Chat) -> web.StreamResponse:
    """Relay one chat that goes on for a while when its client is gone."""
    streams = request.app[STREAMS]
    if streams is None:
        raise InvalidRequest("resumable: This server's streams end with their clients.")
    return await read_stream(request, await streams.start(chat), 0)


def make_chat(form: ChatFields, profile: Profile, identity: Identity) -> Chat:
    """Return what the relay needs; raises InvalidRequest for what the model cannot take."""
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
        grant=identity.grant,
    )


def _starts_in_thinking(form: ChatFields, profile: Profile) -> bool | None:
    """Return what is known: the profile's word first, then that the request turned it off."""
    if profile.starts_in_thinking is None and form.chat_template_kwargs:
        asked = form.chat_template_kwargs.get("enable_thinking")
        return False if asked is False else None
    return profile.starts_in_thinking
