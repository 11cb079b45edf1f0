"""A reload, a network that goes and comes: the answer goes on, nothing is lost or doubled."""

import json

import pytest
from playwright.async_api import Request, Route, expect

from browser.chat_page import ChatPage
from support.cable import cable_to
from support.relay import RelayService
from support.scripted_model import Answer, ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = "**/api/chat/streams/*"
COUNTED = " ".join(f"w{number}" for number in range(200))


def is_way_back(request: Request) -> bool:
    return "/api/chat/streams/" in request.url


async def begin(chat: ChatPage, model: ScriptedModel) -> Answer:
    """Ask, and let the answer think and begin to speak; its conversation is stored."""
    await chat.send("Lost?")
    answer = await model.asked()
    await answer.think("Hm, hm.")
    await answer.say("Half of it,")
    await expect(chat.answer).to_contain_text("Half of it,")
    await expect(chat.page.get_by_role("link", name="Lost?")).to_be_visible()
    return answer


async def shows_all(chat: ChatPage, text: str) -> None:
    """The answer is over and says *text*, once; so it does when the page is opened again."""
    await chat.is_idle()
    for _ in range(2):
        await expect(chat.answers).to_have_count(1)
        body = chat.answer.locator("p").filter(has_text="Half of it")
        await expect(body).to_have_text(text)
        await expect(chat.answer.get_by_role("alert")).to_have_count(0)
        await chat.page.reload()
    await chat.bubble().click()
    await expect(chat.answer.get_by_text("Hm, hm.")).to_have_count(1)


async def test_an_answer_goes_on_after_a_reload(chat: ChatPage, model: ScriptedModel) -> None:
    answer = await begin(chat, model)
    for word in COUNTED.split():
        await answer.say(f" {word}")
        if word == "w50":
            await chat.page.reload()
    await expect(chat.answer).to_contain_text("w199")
    await expect(chat.stop_button).to_be_visible()
    await answer.finish()
    await shows_all(chat, f"Half of it, {COUNTED}")


async def test_an_answer_that_ended_while_the_page_was_away_is_whole(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await begin(chat, model)
    url = chat.page.url
    await chat.page.goto("about:blank")
    await answer.say(" and the rest.")
    await answer.finish()
    await chat.page.goto(url)
    await shows_all(chat, "Half of it, and the rest.")


async def test_an_answer_goes_on_when_the_network_is_back(
    chat: ChatPage, relay: RelayService, model: ScriptedModel
) -> None:
    async with cable_to(relay.service.port) as cable:
        await chat.page.goto(f"http://127.0.0.1:{cable.port}/")
        answer = await begin(chat, model)
        async with chat.page.expect_event("requestfailed", is_way_back):
            cable.cut()
        for word in COUNTED.split():
            await answer.say(f" {word}")
        cable.mend()
        # Sooner than the next try: a browser tells when it is online again.
        await chat.page.evaluate("dispatchEvent(new Event('online'))")
        await expect(chat.answer).to_contain_text("w199")
        await answer.finish()
        await shows_all(chat, f"Half of it, {COUNTED}")


async def test_stop_after_a_reload_ends_the_answer_at_the_model(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await begin(chat, model)
    await chat.page.reload()
    await expect(chat.answer).to_contain_text("Half of it,")
    await chat.stop_button.click()
    await answer.left()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Half of it,")


async def test_a_reload_keeps_the_half_that_came_when_the_relay_has_no_more(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await begin(chat, model)

    async def refuse(route: Route) -> None:
        error = {"code": "not_found", "message": "There is nothing here.", "request_id": "r"}
        body = json.dumps({"error": error})
        await route.fulfill(status=404, content_type="application/json", body=body)

    await chat.page.route(STREAMS, refuse)
    await chat.page.reload()
    await expect(chat.answer).to_contain_text("Half of it,")
    await expect(chat.answer).to_contain_text("The connection was lost")
    answer.cut()
    await chat.button("Try again").click()
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Lost?"}]
    await answer.say("Found.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Found.")
