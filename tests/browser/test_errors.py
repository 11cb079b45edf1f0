"""What goes wrong shows in place: a sentence, details, copy, retry; nothing is lost."""

import json

import pytest
from playwright.async_api import Locator, Route, expect

from browser.chat_page import ChatPage
from browser.sign_in import PASSWORD, sign_in
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHAT = "**/api/chat/completions"


def card(chat: ChatPage) -> Locator:
    """The error of the newest answer."""
    return chat.answer.get_by_role("alert")


async def fail_in_the_middle(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.say("Half of it")
    await expect(chat.answer).to_contain_text("Half of it")
    answer.cut()
    await chat.is_idle()


async def test_an_error_in_the_middle_keeps_the_partial_answer(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await fail_in_the_middle(chat, model)
    await expect(card(chat)).to_contain_text("stopped before the answer was complete")
    await expect(card(chat)).to_contain_text("upstream_truncated")
    await expect(chat.answer).to_contain_text("Half of it")
    await expect(chat.questions).to_contain_text("Why?")


async def test_a_draft_outlives_the_error_of_the_message_before(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await chat.composer.fill("My next thought")
    answer.cut()
    await chat.is_idle()
    await expect(card(chat)).to_be_visible()
    await expect(chat.composer).to_have_value("My next thought")


async def test_retry_sends_the_same_message_again(chat: ChatPage, model: ScriptedModel) -> None:
    await fail_in_the_middle(chat, model)
    await chat.button("Try again").click()
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Why?"}]
    await answer.say("All of it.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answers).to_have_count(1)
    await expect(chat.answer).to_contain_text("All of it.")
    await expect(card(chat)).to_have_count(0)


async def test_the_details_of_an_older_error_fold(chat: ChatPage, model: ScriptedModel) -> None:
    await fail_in_the_middle(chat, model)
    details = chat.answers.first.get_by_role("button", name="Details")
    await expect(details).to_have_attribute("aria-expanded", "true")
    await chat.send("And now?")
    answer = await model.asked()
    await expect(details).to_have_attribute("aria-expanded", "false")
    await details.click()
    await expect(details).to_have_attribute("aria-expanded", "true")
    assert [message["content"] for message in answer.messages] == ["Why?", "Half of it", "And now?"]
    await answer.finish()
    await chat.is_idle()


async def test_copy_holds_what_an_administrator_asks_for(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await fail_in_the_middle(chat, model)
    await card(chat).get_by_role("button", name="Copy").click()
    await expect(chat.status).to_have_text("Copied")
    copied = await chat.page.evaluate("navigator.clipboard.readText()")
    assert "code upstream_truncated" in copied
    assert "\nstream " in copied
    detail = await card(chat).locator("pre").inner_text()
    assert detail in copied


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (503, "unavailable", "Try again in a moment."),
        (413, "too_large", "The message is too large for this server."),
        (429, "rate_limited", "Too many answers at once."),
    ],
)
async def test_a_refusal_before_the_stream_shows_in_place(
    chat: ChatPage, model: ScriptedModel, status: int, code: str, sentence: str
) -> None:
    async def refuse(route: Route) -> None:
        error = {"code": code, "message": sentence, "request_id": "r-123"}
        await route.fulfill(
            status=status, content_type="application/json", body=json.dumps({"error": error})
        )

    await chat.page.route(CHAT, refuse, times=1)
    await chat.send("Why?")
    await expect(card(chat)).to_contain_text(sentence)
    await expect(card(chat)).to_contain_text(f"HTTP {status}")
    await expect(card(chat)).to_contain_text("r-123")
    await chat.button("Try again").click()
    answer = await model.asked()
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Because.")


async def test_a_network_that_is_away_says_so(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.page.route(CHAT, lambda route: route.abort("internetdisconnected"), times=1)
    await chat.send("Why?")
    await expect(card(chat)).to_contain_text("The relay cannot be reached")
    await chat.button("Try again").click()
    await (await model.asked()).finish()
    await chat.is_idle()


async def test_a_session_that_is_over_leads_to_login_and_back(
    chat: ChatPage, model: ScriptedModel
) -> None:
    page = chat.page
    name = (await page.get_by_role("button", name="Sign out").inner_text()).split()[-1]
    await page.context.clear_cookies()
    await chat.send("Why?")
    await expect(page.get_by_label("Name")).to_be_visible()
    await expect(page.get_by_role("navigation")).to_have_count(0)
    await sign_in(page, name, PASSWORD)
    await expect(chat.questions).to_contain_text("Why?")
    await chat.button("Try again").click()
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Why?"}]
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()


async def test_an_access_token_that_ran_out_is_renewed_unseen(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await expect(chat.composer).to_be_visible()
    await chat.page.context.clear_cookies(name="mlx_relay_session")
    await chat.send("Why?")
    answer = await model.asked()
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Because.")
    await expect(card(chat)).to_have_count(0)


async def test_a_conversation_that_cannot_be_saved_goes_on(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.route("**/api/conversations", lambda route: route.abort())
    await chat.send("Why?")
    answer = await model.asked()
    await expect(chat.page.get_by_text("could not be saved")).to_be_visible()
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await chat.button("Close").click()
    await expect(chat.page.get_by_text("could not be saved")).to_have_count(0)
    await expect(chat.answer).to_contain_text("Because.")


async def test_a_conversation_of_somebody_else_is_gone(chat: ChatPage) -> None:
    await chat.page.goto("/#/chat/2a1b7a52-2d0a-4a7e-9d0e-6a3d1a8f4c11")
    await expect(chat.page.get_by_text("This conversation is gone.")).to_be_visible()
    await expect(chat.composer).to_be_visible()
