"""A user's own conversations: list, make, open, rename, write into, remove, take away as a file.

The page writes what it shows: a message put at a place replaces what was there and later, so that
edit, resend and regenerate are one call, and a call that is repeated changes nothing.
"""

import asyncio
from datetime import datetime
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import NotFound
from mlx_relay.storage import Conversations
from mlx_relay.storage.records import Conversation
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import CONVERSATIONS
from mlx_relay.web.body import parse_query, read_form, read_json
from mlx_relay.web.chat import MAX_BODY_BYTES
from mlx_relay.web.conversation_export import file_name, to_markdown
from mlx_relay.web.conversation_form import (
    DEFAULT_TITLE,
    ConversationChanges,
    ExportQuery,
    ListQuery,
    NewConversation,
    clean_title,
    cursor_after,
    load_entry,
    parse_entry,
    read_cursor,
)
from mlx_relay.web.forms import changes_of


class ConversationPage(msgspec.Struct, frozen=True):
    """Some conversations, and the cursor for more; null when there are no more."""

    conversations: list[Conversation]
    next: str | None


class WholeConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with its messages, which stay the JSON that they are in the database."""

    id: str
    title: str
    profile_id: int | None
    created_at: datetime
    updated_at: datetime
    messages: list[msgspec.Raw]


async def list_conversations(request: web.Request) -> web.Response:
    query = parse_query(request, ListQuery)
    found = await _store(request).newest(
        request[IDENTITY].user_id,
        search=query.search,
        before=read_cursor(query.cursor) if query.cursor else None,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    return json_answer(ConversationPage(page, cursor_after(page[-1]) if found != page else None))


async def add_conversation(request: web.Request) -> web.Response:
    store = _store(request)
    form = await read_form(request, NewConversation)
    title = DEFAULT_TITLE if form.title is None else clean_title(form.title)
    added = await store.add(request[IDENTITY].user_id, title, form.profile_id)
    return json_answer(added, status=201)


async def show_conversation(request: web.Request) -> web.Response:
    return json_answer(_whole(*await _load(request)))


async def change_conversation(request: web.Request) -> web.Response:
    store = _store(request)
    changes = changes_of(await read_form(request, ConversationChanges))
    if "title" in changes:
        changes["title"] = clean_title(str(changes["title"]))
    changed = await store.change(request[IDENTITY].user_id, request.match_info["id"], changes)
    return json_answer(changed)


async def remove_conversation(request: web.Request) -> web.Response:
    await _store(request).remove(request[IDENTITY].user_id, request.match_info["id"])
    return empty_answer()


async def put_message(request: web.Request) -> web.Response:
    """Make the body the message at a position, and the last one of its conversation."""
    store = _store(request)
    data = await read_json(request, limit=MAX_BODY_BYTES)
    encoded = await asyncio.to_thread(parse_entry, data)
    position = int(request.match_info["position"])
    user_id, conversation_id = request[IDENTITY].user_id, request.match_info["id"]
    return json_answer(await store.put_message(user_id, conversation_id, position, encoded))


async def export_conversation(request: web.Request) -> web.Response:
    """Answer with a file: Markdown to read, without the thinking, or JSON with everything."""
    query = parse_query(request, ExportQuery)
    conversation, messages = await _load(request)
    if query.format == "json":
        response = json_answer(_whole(conversation, messages))
        name = file_name(conversation.title, "json")
    else:
        text = await asyncio.to_thread(_markdown, conversation, messages)
        response = web.Response(text=text, content_type="text/markdown")
        name = file_name(conversation.title, "md")
    # RFC 6266: an ASCII name for whoever does not know the other form.
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    response.headers[hdrs.CONTENT_DISPOSITION] = (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    )
    return response


def _store(request: web.Request) -> Conversations:
    store = request.app[CONVERSATIONS]
    if store is None:
        raise NotFound("This server keeps no conversations.")
    return store


async def _load(request: web.Request) -> tuple[Conversation, list[bytes]]:
    return await _store(request).whole(request[IDENTITY].user_id, request.match_info["id"])


def _markdown(conversation: Conversation, messages: list[bytes]) -> str:
    return to_markdown(conversation.title, [load_entry(message) for message in messages])


def _whole(conversation: Conversation, messages: list[bytes]) -> WholeConversation:
    return WholeConversation(
        **msgspec.structs.asdict(conversation),
        messages=[
            msgspec.Raw(b'{"position":%d,%s' % (position, message[1:]))
            for position, message in enumerate(messages)
        ],
    )
