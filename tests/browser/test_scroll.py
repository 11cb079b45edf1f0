"""The log stays at the newest line until its reader scrolls away, and then stays where they are."""

import pytest
from playwright.async_api import expect

from browser.chat_page import JUMP, ChatPage
from support.scripted_model import Answer, ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINES = "".join(f"Line {number}.\n\n" for number in range(40))
TOP = "(box) => box.scrollTop"


async def growing(chat: ChatPage, model: ScriptedModel) -> Answer:
    """Ask, and get an answer that is longer than the log is high and goes on."""
    await chat.send("Tell me")
    answer = await model.asked()
    await answer.say(LINES)
    await expect(chat.answer).to_contain_text("Line 39.")
    return answer


async def more(chat: ChatPage, answer: Answer, count: int = 10) -> None:
    """Let *count* paragraphs come, one at a time."""
    for number in range(count):
        await answer.say(f"More {number}.\n\n")
        await expect(chat.answer).to_contain_text(f"More {number}.")


async def end(chat: ChatPage, answer: Answer) -> None:
    await answer.finish()
    await chat.is_idle()


async def test_the_newest_line_stays_in_sight(chat: ChatPage, model: ScriptedModel) -> None:
    answer = await growing(chat, model)
    await more(chat, answer)
    await chat.shows_end()
    await end(chat, answer)
    await chat.shows_end()


async def test_a_wheel_upwards_detaches_at_once_and_nothing_moves(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await growing(chat, model)
    await chat.shows_end()
    await chat.log.hover()
    await chat.page.mouse.wheel(0, -120)
    await expect(chat.page.get_by_role("button", name="New text below")).to_be_visible()
    await chat.page.evaluate(
        """() => {
            window.shifts = 0;
            const note = (list) => { window.shifts += list.getEntries().length; };
            new PerformanceObserver(note).observe({type: "layout-shift"});
        }"""
    )
    before = await chat.log.evaluate(TOP)
    await more(chat, answer, 20)
    assert abs(await chat.log.evaluate(TOP) - before) < 2
    assert await chat.page.evaluate("window.shifts") == 0
    await end(chat, answer)


async def test_the_jump_button_leads_back_and_follows_again(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await growing(chat, model)
    await chat.log.hover()
    await chat.page.mouse.wheel(0, -400)
    await chat.page.get_by_role("button", name=JUMP).click()
    await chat.shows_end()
    await more(chat, answer)
    await chat.shows_end()
    await end(chat, answer)


async def test_scrolling_back_to_the_end_follows_again(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await growing(chat, model)
    await chat.log.hover()
    await chat.page.mouse.wheel(0, -200)
    await expect(chat.page.get_by_role("button", name=JUMP)).to_be_visible()
    await chat.page.mouse.wheel(0, 4000)
    await expect(chat.page.get_by_role("button", name=JUMP)).to_have_count(0)
    await more(chat, answer)
    await chat.shows_end()
    await end(chat, answer)


@pytest.mark.parametrize("key", ["Home", "PageUp", "ArrowUp"])
async def test_keys_that_lead_upwards_detach(
    chat: ChatPage, model: ScriptedModel, key: str
) -> None:
    answer = await growing(chat, model)
    await chat.log.focus()
    await chat.page.keyboard.press(key)
    await expect(chat.page.get_by_role("button", name=JUMP)).to_be_visible()
    await more(chat, answer)
    assert await chat.gap() > 60
    await end(chat, answer)


async def test_sending_leads_back_to_the_end(chat: ChatPage, model: ScriptedModel) -> None:
    await end(chat, await growing(chat, model))
    await chat.log.focus()
    await chat.page.keyboard.press("Home")
    await expect(chat.questions.first).to_be_in_viewport(ratio=1)
    await chat.send("And then?")
    answer = await model.asked()
    await chat.shows_end()
    await end(chat, answer)


async def test_opening_an_old_bubble_does_not_throw_the_reader_to_the_end(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("".join(f"Thought {number}.\n\n" for number in range(60)))
    await answer.say("Because.")
    await end(chat, answer)
    await chat.shows_end()
    before = await chat.bubble().bounding_box()
    await chat.bubble().click()
    await expect(chat.answer).to_contain_text("Thought 59.")
    await expect(chat.page.get_by_role("button", name=JUMP)).to_be_visible()
    assert await chat.bubble().bounding_box() == before


async def test_a_long_conversation_opens_at_its_end(chat: ChatPage, model: ScriptedModel) -> None:
    for _ in range(2):
        await end(chat, await growing(chat, model))
    await chat.page.reload()
    await expect(chat.answers).to_have_count(2)
    await expect(chat.answer.get_by_text("Line 39.")).to_be_in_viewport()
    await chat.shows_end()
