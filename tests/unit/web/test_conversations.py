"""Conversations over HTTP: one's own, whole or in pages, as files, and off where they are off."""

import uuid
from typing import Any
from urllib.parse import unquote

import pytest

from mlx_relay.web.app_keys import CONVERSATIONS

from .conftest import Edge

ALL = "/api/conversations"
HELLO = {"role": "user", "content": "Hello"}
ANSWER = {
    "role": "assistant",
    "turn": {
        "profile": "qwen",
        "model": "m",
        "parts": [
            {"kind": "thinking", "text": "Hm.", "state": "done", "duration": 0.5},
            {"kind": "text", "text": "Hello!"},
        ],
        "finish": "stop",
    },
}


async def add(edge: Edge, **fields: object) -> dict[str, Any]:
    status, added = await edge.as_plain_user("POST", ALL, fields)
    assert status == 201
    return dict(added)


async def put(edge: Edge, conversation: dict[str, Any], position: int, body: object) -> int:
    path = f"{ALL}/{conversation['id']}/messages/{position}"
    return (await edge.as_plain_user("PUT", path, body))[0]


async def show(edge: Edge, conversation: dict[str, Any]) -> dict[str, Any]:
    status, whole = await edge.as_plain_user("GET", f"{ALL}/{conversation['id']}")
    assert status == 200
    return dict(whole)


async def test_a_conversation_is_made_filled_changed_and_removed(edge: Edge) -> None:
    talk = await add(edge)
    assert set(talk) == {"id", "title", "profile_id", "created_at", "updated_at"}
    assert (talk["title"], talk["profile_id"]) == ("New conversation", None)
    assert await put(edge, talk, 0, HELLO) == 200
    assert await put(edge, talk, 1, ANSWER) == 200
    path = f"{ALL}/{talk['id']}"
    status, changed = await edge.as_plain_user("PATCH", path, {"title": " Of\nhellos "})
    assert (status, changed["title"]) == (200, "Of hellos")
    whole = await show(edge, talk)
    assert whole == changed | {
        "messages": [{"position": 0} | HELLO, {"position": 1} | ANSWER],
    }
    assert await edge.as_plain_user("DELETE", path) == (204, None)
    assert (await edge.as_plain_user("GET", path))[0] == 404


async def test_edit_and_resend_drops_what_came_after(edge: Edge) -> None:
    talk = await add(edge)
    for position, entry in enumerate((HELLO, ANSWER, HELLO, ANSWER)):
        await put(edge, talk, position, entry)
    edited = {"role": "user", "content": "Goodbye"}
    for _ in range(2):
        assert await put(edge, talk, 2, edited) == 200
        assert [one.get("content") for one in (await show(edge, talk))["messages"]] == [
            "Hello",
            None,
            "Goodbye",
        ]


async def test_a_gap_is_a_conflict(edge: Edge) -> None:
    talk = await add(edge)
    assert await put(edge, talk, 1, HELLO) == 409
    assert await put(edge, talk, 2000, HELLO) == 422
    assert (await show(edge, talk))["messages"] == []


async def test_the_list_comes_in_pages_newest_first(edge: Edge) -> None:
    for number in range(5):
        await add(edge, title=f"Talk {number}")
    pages, cursor = [], ""
    while True:
        query = f"?limit=2{cursor}"
        status, page = await edge.as_plain_user("GET", ALL + query)
        assert status == 200
        pages.append([one["title"] for one in page["conversations"]])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == [["Talk 4", "Talk 3"], ["Talk 2", "Talk 1"], ["Talk 0"]]


async def test_a_search_looks_at_titles_whatever_their_case(edge: Edge) -> None:
    await add(edge, title="100% Sure")
    await add(edge, title="1000 others")
    for search, count in (("SURE", 1), ("100%25", 1), ("_", 0), ("100", 2), ("", 2)):
        page = (await edge.as_plain_user("GET", f"{ALL}?search={search}"))[1]
        assert len(page["conversations"]) == count, search


async def test_another_users_conversation_looks_like_none(edge: Edge) -> None:
    talk = await add(edge, title="private")
    answers = []
    for conversation_id in (talk["id"], str(uuid.uuid4())):
        path = f"{ALL}/{conversation_id}"
        for method, tail, body in (
            ("GET", "", None),
            ("PATCH", "", {"title": "mine"}),
            ("DELETE", "", None),
            ("PUT", "/messages/0", HELLO),
            ("GET", "/export?format=json", None),
        ):
            status, answer = await edge.as_admin(method, path + tail, body)
            answers.append((status, answer["error"]["code"], answer["error"]["message"]))
    assert set(answers) == {(404, "not_found", "There is nothing here.")}
    assert (await edge.as_admin("GET", ALL))[1] == {"conversations": [], "next": None}
    assert (await show(edge, talk))["title"] == "private"


@pytest.mark.parametrize(
    ("method", "tail", "body", "complaint"),
    [
        ("GET", "?limit=0", None, "limit: Expected integer >= 1."),
        ("GET", "?limit=x", None, "limit: Expected integer, got string."),
        ("GET", "?search=%00", None, "search: Expected string matching regex"),
        ("GET", "?page=2", None, "page: There is no such field."),
        ("GET", "?cursor=x", None, "cursor: It is not one that this server gave."),
        ("POST", "", {"title": "x" * 201}, "title: Expected string of length <= 200."),
        ("POST", "", {"title": " "}, "title: It must not be empty."),
        ("POST", "", {"user_id": 1}, "user_id: There is no such field."),
        ("PATCH", "/ID", {}, "Name at least one field to change."),
        ("PATCH", "/ID", {"title": None}, "title: Expected string, got null."),
        ("PUT", "/ID/messages/0", {"role": "tool"}, "role: It is not one of"),
        ("GET", "/ID/export", None, "format: It is required."),
        ("GET", "/ID/export?format=pdf", None, "format: It is not one of"),
    ],
)
async def test_a_bad_field_is_named(
    edge: Edge, method: str, tail: str, body: object, complaint: str
) -> None:
    talk = await add(edge)
    status, answer = await edge.as_plain_user(method, ALL + tail.replace("ID", talk["id"]), body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert answer["error"]["message"].startswith(complaint)


async def test_an_unknown_profile_is_told(edge: Edge) -> None:
    status, answer = await edge.as_plain_user("POST", ALL, {"profile_id": 9})
    assert (status, answer["error"]["code"]) == (404, "profile_not_found")


@pytest.mark.parametrize("path", ["x", "1", "6E168AC9-9B7A-435A-ABC1-AD100EEE2F31", "messages/0"])
async def test_what_is_no_id_is_not_found(edge: Edge, path: str) -> None:
    status, answer = await edge.as_plain_user("GET", f"{ALL}/{path}")
    assert (status, answer["error"]["code"]) == (404, "not_found")


async def test_it_goes_out_as_a_file_of_either_kind(edge: Edge) -> None:
    talk = await add(edge, title='Größe "x"')
    await put(edge, talk, 0, HELLO)
    await put(edge, talk, 1, ANSWER)
    headers = edge.bearer(edge.user)
    path = f"{ALL}/{talk['id']}/export?format="
    async with edge.client.get(path + "markdown", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith('attachment; filename="chat-Gr__e-x.md"; ')
        assert unquote(disposition.partition("UTF-8''")[2]) == "chat-Größe-x.md"
        markdown = await answer.text()
    assert "Hello!" in markdown
    assert "Hm." not in markdown
    async with edge.client.get(path + "json", headers=headers) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert await answer.json() == await show(edge, talk)


async def test_where_they_are_off_nothing_is_there(edge: Edge) -> None:
    talk = await add(edge)
    edge.set(CONVERSATIONS, None)
    for method, tail, body in (
        ("GET", "", None),
        ("POST", "", {}),
        ("GET", f"/{talk['id']}", None),
        ("PATCH", f"/{talk['id']}", {"title": "x"}),
        ("DELETE", f"/{talk['id']}", None),
        ("PUT", f"/{talk['id']}/messages/0", HELLO),
        ("GET", f"/{talk['id']}/export?format=json", None),
    ):
        status, answer = await edge.as_plain_user(method, ALL + tail, body)
        assert (status, answer["error"]["code"]) == (404, "not_found"), (method, tail)


async def test_a_picture_comes_back_as_it_went_in(edge: Edge) -> None:
    talk = await add(edge)
    image = {"url": "data:image/jpeg;base64," + "A" * 900_000}
    entry = {"role": "user", "content": [{"type": "image_url", "image_url": image}]}
    assert await put(edge, talk, 0, entry) == 200
    assert (await show(edge, talk))["messages"] == [{"position": 0} | entry]
