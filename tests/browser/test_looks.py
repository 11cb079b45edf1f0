"""Pictures of the states of the page, light and dark, wide and narrow, for people to look at.

What can be judged without eyes is: nothing sticks out sideways, in none of the pictures.
"""

from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from browser.chat_page import ChatPage, picture_of
from browser.test_accessibility import RICH, fits
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("scheme", ["light", "dark"]),
    pytest.mark.parametrize("size", [(1280, 800), (360, 740)], ids=["wide", "narrow"]),
]
NOTES: FilePayload = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes"}
Size = tuple[int, int]


async def dressed(page: Page, scheme: Any, size: Size) -> str:
    """Make *page* of this scheme and size; returns the end of its pictures' names."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    return f"{scheme}-{size[0]}"


async def shown(page: Page, name: str) -> None:
    await picture_of(page, name)
    assert await fits(page)


async def test_a_conversation(
    chat: ChatPage, model: ScriptedModel, scheme: str, size: Size
) -> None:
    end = await dressed(chat.page, scheme, size)
    await shown(chat.page, f"empty-{end}")
    await chat.send("How do I write this in Python?")
    answer = await model.asked()
    await answer.think("First I look at **what is asked**.\n\n- one\n- two")
    await expect(chat.bubble()).to_have_accessible_name("Thinking...")
    await shown(chat.page, f"thinking-{end}")
    await answer.say(RICH)
    await answer.call("look_up", word="x")
    await answer.finish("tool_calls", prompt_tokens=3, completion_tokens=40, reasoning_tokens=12)
    await chat.is_idle()
    await shown(chat.page, f"answer-{end}")
    await chat.page.locator("input[type=file]").set_input_files([NOTES])
    await chat.send("And now?")
    answer = await model.asked()
    await answer.say("Half an")
    answer.cut()
    await chat.is_idle()
    await chat.shows_end()
    await shown(chat.page, f"error-{end}")


async def test_the_settings_and_the_models(chat: ChatPage, scheme: str, size: Size) -> None:
    end = await dressed(chat.page, scheme, size)
    await chat.page.get_by_role("button", name="Model:").click()
    await shown(chat.page, f"models-{end}")
    await chat.page.keyboard.press("Escape")
    if size[0] < 800:
        await chat.button("Open menu").click()
        await shown(chat.page, f"menu-{end}")
    await chat.button("Settings").click()
    await shown(chat.page, f"settings-{end}")


async def test_the_pages_of_an_administrator(
    admin_page: Page, chat: ChatPage, model: ScriptedModel, scheme: str, size: Size
) -> None:
    page = admin_page
    end = await dressed(page, scheme, size)
    await page.goto("/#/metrics")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await chat.send("Hello!")
    answer = await model.asked()
    await answer.say("Hi.")
    await answer.finish(prompt_tokens=3, completion_tokens=40, total_tokens=43)
    await chat.is_idle()
    await shown(page, f"metrics-{end}")
    await page.goto("/#/admin")
    await expect(page.get_by_role("button", name="Edit ada")).to_be_visible()
    await shown(page, f"admin-{end}")
    await page.get_by_role("button", name="Edit reader").click()
    await shown(page, f"profile-{end}")


async def test_the_login(browser: Browser, relay: RelayService, scheme: str, size: Size) -> None:
    page = await browser.new_page(base_url=relay.url)
    end = await dressed(page, scheme, size)
    await page.goto("/")
    await expect(page.get_by_label("Name")).to_be_focused()
    await shown(page, f"login-{end}")
    await page.close()
