"""What the page leaves in the browser: nothing that a script could sign in with."""

import json

import pytest

from browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = """() => JSON.stringify([
  Object.entries(localStorage), Object.entries(sessionStorage), document.cookie])"""


async def test_no_token_is_where_a_script_could_read_it(chat: ChatPage) -> None:
    local, session, cookie = json.loads(await chat.page.evaluate(STORED))
    cookies = await chat.page.context.cookies()
    tokens = [each["value"] for each in cookies if each["name"].startswith("mlx_relay_")]
    assert len(tokens) == 2
    assert all(each["httpOnly"] and each["sameSite"] == "Strict" for each in cookies)
    assert cookie == ""
    assert not any(token in str(local) + str(session) for token in tokens)
    assert "eyJ" not in str(local) + str(session)
