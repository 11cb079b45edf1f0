"""The live metrics: what an operator looks at first, as it happens."""

import pytest
from playwright.async_api import Page, expect

from browser.chat_page import ChatPage
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(page: Page) -> Page:
    await page.goto("/#/metrics")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


async def test_an_open_stream_shows_while_it_is_open(
    admin_page: Page, chat: ChatPage, model: ScriptedModel
) -> None:
    page = await opened(admin_page)
    tile = page.locator(".tile").filter(has_text="Open streams")
    await expect(tile).to_contain_text("0")
    await chat.choose("reader")
    await chat.send("Hello!")
    answer = await model.asked()
    await answer.say("Hi.")
    await expect(tile.get_by_text("1", exact=True)).to_be_visible()
    reader = page.get_by_role("row").filter(has_text="reader")
    await expect(reader).to_contain_text("1")
    await answer.finish()
    await expect(tile.get_by_text("0", exact=True)).to_be_visible()
    await expect(tile.get_by_role("img")).to_have_accessible_name(
        "Open streams in the last five minutes, highest 1"
    )


async def test_a_failure_is_said_first_and_counted_by_its_code(
    admin_page: Page, chat: ChatPage, model: ScriptedModel
) -> None:
    page = await opened(admin_page)
    await chat.send("Hello!")
    answer = await model.asked()
    await answer.say("Hi")
    answer.cut()
    await expect(page.get_by_text("failed while you watched")).to_be_visible()
    errors = page.get_by_role("region", name="Errors since the start")
    await expect(errors.get_by_role("row").filter(has_text="upstream_truncated")).to_be_visible()


async def test_a_lost_connection_is_said_and_made_again(admin_page: Page) -> None:
    page = admin_page
    await page.route("**/api/metrics/stream", lambda route: route.abort())
    await page.goto("/#/metrics")
    await expect(page.get_by_role("main").get_by_role("status")).to_contain_text(
        "cannot be reached"
    )
    await page.unroute("**/api/metrics/stream")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()


async def test_a_user_sees_nothing_of_it(chat: ChatPage, relay: RelayService) -> None:
    await chat.page.goto(f"{relay.url}/#/metrics")
    await expect(chat.page.get_by_text("Only administrators see this page.")).to_be_visible()
