"""The thinking bubble: opens while the model thinks, closes after, and the reader's choice wins."""

import re

import pytest
from playwright.async_api import expect

from browser.chat_page import ChatPage
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

THOUGHT = re.compile(r"^Thought for \d+\.\ds$")
STOPPED = re.compile(r"^Thought for \d+\.\ds \(stopped\)$")


async def is_open(chat: ChatPage, *, yes: bool = True, index: int = 0) -> None:
    expanded = "true" if yes else "false"
    await expect(chat.bubble(index)).to_have_attribute("aria-expanded", expanded)


async def test_it_opens_with_live_text_and_closes_when_the_thinking_is_done(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("Let me see. ")
    await expect(chat.bubble()).to_have_accessible_name("Thinking...")
    await is_open(chat)
    await expect(chat.answer).to_contain_text("Let me see.")
    await answer.say("Because.")
    await expect(chat.bubble()).to_have_accessible_name(THOUGHT)
    await is_open(chat, yes=False)
    await expect(chat.answer).not_to_contain_text("Let me see.")
    await answer.finish()
    await chat.is_idle()


async def test_a_reader_who_closes_it_keeps_it_closed(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await is_open(chat)
    await chat.bubble().click()
    await is_open(chat, yes=False)
    for _ in range(20):
        await answer.think("Two. ")
    await answer.say("Because.")
    await expect(chat.answer).to_contain_text("Because.")
    await is_open(chat, yes=False)
    await answer.finish()
    await chat.is_idle()


async def test_closed_it_adds_nothing_to_the_page(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await is_open(chat)
    await chat.bubble().click()
    await is_open(chat, yes=False)
    inside = chat.answer.locator("section").locator("*")
    before = await inside.count()
    await answer.think("\n\n".join(["A new paragraph."] * 50))
    await answer.say("Because.")
    await expect(chat.answer).to_contain_text("Because.")
    assert await inside.count() == before
    await answer.finish()


async def test_a_reader_who_opens_it_again_keeps_it_open(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await chat.bubble().click()
    await chat.bubble().click()
    await answer.say("Because.")
    await expect(chat.bubble()).to_have_accessible_name(THOUGHT)
    await is_open(chat)
    await answer.finish()
    await chat.is_idle()
    await is_open(chat)
    await expect(chat.answer).to_contain_text("One.")


async def test_stopped_it_says_so_and_the_upstream_is_left(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await is_open(chat)
    await chat.bubble().click()
    await chat.bubble().click()
    await chat.stop_button.click()
    await answer.left()
    await expect(chat.bubble()).to_have_accessible_name(STOPPED)
    await is_open(chat)


async def test_the_next_message_leaves_the_first_bubble_alone(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("First")
    answer = await model.asked()
    await answer.think("One. ")
    await answer.say("Yes.")
    await answer.finish()
    await chat.is_idle()
    await chat.bubble().click()
    await is_open(chat)
    await chat.send("Second")
    answer = await model.asked()
    await answer.think("Two. ")
    await expect(chat.bubble()).to_have_accessible_name("Thinking...")
    first = chat.answers.first.get_by_role("button", name=THOUGHT)
    await expect(first).to_have_attribute("aria-expanded", "true")
    await answer.finish()


async def test_two_blocks_are_two_bubbles(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    for number in ("One", "Two"):
        await answer.think(f"Think {number}. ")
        await answer.say(f"Say {number}. ")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.bubble(0)).to_have_accessible_name(THOUGHT)
    await expect(chat.bubble(1)).to_have_accessible_name(THOUGHT)
    await chat.bubble(1).click()
    await expect(chat.answer).to_contain_text("Think Two.")
    await is_open(chat, yes=False, index=0)


@pytest.mark.parametrize("blank", ["", " \n\n"], ids=["none", "blank"])
async def test_an_answer_without_thinking_has_no_bubble(
    chat: ChatPage, model: ScriptedModel, blank: str
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think(blank)
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.bubble()).to_have_count(0)


async def test_its_button_keeps_the_focus_while_text_comes(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await chat.bubble().focus()
    for number in range(50):
        await answer.think(f"Thought {number}. ")
    await expect(chat.answer).to_contain_text("Thought 49.")
    await expect(chat.bubble()).to_be_focused()
    await answer.say("Because.")
    await expect(chat.answer).to_contain_text("Because.")
    await expect(chat.bubble()).to_be_focused()
    await answer.finish()


async def test_its_live_text_follows_its_own_end(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("\n\n".join(f"Thought {number}." for number in range(60)))
    box = chat.answer.get_by_role("group", name="Thinking")
    await expect(box.get_by_text("Thought 59.")).to_be_in_viewport()
    await box.hover()
    await chat.page.mouse.wheel(0, -200)
    await expect(box.get_by_text("Thought 59.")).not_to_be_in_viewport()
    await answer.think("\n\nOne more.")
    await expect(box.get_by_text("One more.")).to_have_count(1)
    await expect(box.get_by_text("One more.")).not_to_be_in_viewport()
    await answer.finish()


async def test_thinking_without_an_answer_says_so(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("stopped after thinking, without an answer")


@pytest.mark.parametrize(
    ("preference", "live", "after"), [("Always closed", False, False), ("Always open", True, True)]
)
async def test_the_preference_decides_until_the_reader_does(
    chat: ChatPage, model: ScriptedModel, preference: str, live: bool, after: bool
) -> None:
    await chat.button("Settings").click()
    await chat.page.get_by_label("Thinking").select_option(label=preference)
    await chat.button("Close").click()
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await is_open(chat, yes=live)
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await is_open(chat, yes=after)


async def test_its_duration_and_text_survive_a_reload(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("One. ")
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    label = await chat.bubble().inner_text()
    await expect(chat.page.get_by_role("link", name="Why?")).to_be_visible()
    await chat.page.reload()
    await expect(chat.bubble()).to_have_text(label)
    await chat.bubble().click()
    await expect(chat.answer).to_contain_text("One.")
