"""What the page is told are the limits that hold."""

from typing import cast

import mlx_relay
from mlx_relay.streams import Streams
from mlx_relay.web import chat, event_stream
from mlx_relay.web.app_keys import CONVERSATIONS, STREAMS
from mlx_relay.web.chat_form import MAX_MESSAGES

from .conftest import Edge


async def test_the_page_is_told_the_limits_that_hold(edge: Edge) -> None:
    assert await edge.as_plain_user("GET", "/api/config") == (
        200,
        {
            "version": mlx_relay.__version__,
            "conversations": True,
            "resumable": False,
            "max_body_bytes": chat.MAX_BODY_BYTES,
            "max_attachments": 3,
            "image_types": ["image/png", "image/jpeg", "image/webp", "image/gif"],
            "heartbeat_seconds": event_stream.HEARTBEAT_SECONDS,
            "max_messages": MAX_MESSAGES,
        },
    )


async def test_it_says_when_streams_can_be_resumed(edge: Edge) -> None:
    edge.set(STREAMS, cast("Streams", object()))
    assert (await edge.as_plain_user("GET", "/api/config"))[1]["resumable"] is True


async def test_it_says_when_conversations_are_not_kept(edge: Edge) -> None:
    edge.set(CONVERSATIONS, None)
    assert (await edge.as_plain_user("GET", "/api/config"))[1]["conversations"] is False
