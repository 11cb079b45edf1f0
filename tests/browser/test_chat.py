"""Chatting: sending, stopping, asking again; the composer, the conversations, the login."""

import asyncio
import json
import re

import pytest
from playwright.async_api import Browser, Route, expect

from browser.chat_page import ChatPage, picture_of
from browser.sign_in import LOCAL_NAME, PASSWORD, new_user, sign_in
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ask(chat: ChatPage, model: ScriptedModel, question: str, text: str) -> None:
    """Ask, and let the model answer *text* at once."""
    await chat.send(question)
    answer = await model.asked()
    await answer.say(text)
    await answer.finish(prompt_tokens=5, completion_tokens=7, total_tokens=12)
    await chat.is_idle()


async def hold(chat: ChatPage, address: str) -> asyncio.Event:
    """Hold the page's requests to *address* back until the event is set."""
    free = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await free.wait()
        await route.continue_()

    await chat.page.route(address, hold_back)
    return free


# What the reader sends, and stops.


async def test_an_answer_streams_and_its_numbers_follow(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    await expect(chat.answer).to_have_attribute("aria-busy", "true")
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Why?"}]
    await answer.say("Because ")
    await expect(chat.answer).to_contain_text("Because")
    await answer.say("**it is**.")
    await answer.finish(prompt_tokens=5, completion_tokens=7, total_tokens=12)
    await chat.is_idle()
    await expect(chat.answer.locator("strong")).to_have_text("it is")
    await expect(chat.answer).to_contain_text("7 tokens")


async def test_earlier_messages_go_along_without_their_thinking(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("One?")
    answer = await model.asked()
    await answer.think("Secret.")
    await answer.say("Yes.")
    await answer.finish()
    await chat.is_idle()
    await chat.send("Two?")
    answer = await model.asked()
    assert [message["content"] for message in answer.messages] == ["One?", "Yes.", "Two?"]
    await answer.finish()


@pytest.mark.parametrize("way", ["button", "Escape"])
async def test_stop_closes_the_upstream_and_keeps_what_came(
    chat: ChatPage, model: ScriptedModel, way: str
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await answer.say("Half of it")
    await expect(chat.answer).to_contain_text("Half of it")
    if way == "button":
        await chat.stop_button.click()
    else:
        await chat.page.keyboard.press("Escape")
    await answer.left()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Half of it")
    await expect(chat.answer).to_contain_text("You stopped this answer.")
    await expect(chat.composer).to_be_focused()


async def test_stop_before_the_first_word_closes_the_upstream(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Why?")
    answer = await model.asked()
    await expect(chat.answer).to_contain_text("Waiting for the model")
    await chat.stop_button.click()
    await answer.left()
    await chat.is_idle()


async def test_the_place_in_the_queue_shows_until_the_turn_has_come(
    chat: ChatPage, relay: RelayService, model: ScriptedModel
) -> None:
    place = {"host": "127.0.0.1", "port": model.port, "model_path": "scripted"}
    async with relay.session() as session:
        profile = await relay.add_profile(session, name="narrow", max_streams=1, **place)
        form = {"profile_id": profile, "messages": [{"role": "user", "content": "First!"}]}
        others = [await session.post("/api/chat/completions", json=form) for _ in range(2)]
        await chat.page.reload()
        await chat.choose("narrow")
        await chat.send("Why?")
        await expect(chat.answer).to_contain_text("2nd in the queue")
        await picture_of(chat.page, "queued")
        await (await model.asked()).finish()
        await expect(chat.answer).to_contain_text("1st in the queue")
        await (await model.asked()).finish()
        answer = await model.asked()
        await expect(chat.answer).to_contain_text("Waiting for the model")
        await answer.say("Because.")
        await answer.finish()
        await chat.is_idle()
        await expect(chat.answer).not_to_contain_text("in the queue")
        for other in others:
            other.close()
        await session.delete(f"/api/profiles/{profile}")


async def test_regenerate_asks_the_same_again(chat: ChatPage, model: ScriptedModel) -> None:
    await ask(chat, model, "Why?", "First answer.")
    await chat.button("Regenerate").click()
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Why?"}]
    await answer.say("Second answer.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answers).to_have_count(1)
    await expect(chat.answer).to_contain_text("Second answer.")


async def test_an_edited_message_replaces_what_follows(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await ask(chat, model, "Wy?", "What?")
    await ask(chat, model, "Why, I mean", "Ah.")
    await chat.questions.first.get_by_role("button", name="Edit message").click()
    field = chat.questions.first.get_by_role("textbox")
    await expect(field).to_have_value("Wy?")
    await field.fill("Why?")
    await chat.questions.first.get_by_role("button", name="Send").click()
    answer = await model.asked()
    assert answer.messages == [{"role": "user", "content": "Why?"}]
    await answer.say("Because.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answers).to_have_count(1)


async def test_a_tool_call_is_a_card(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.send("Weather?")
    answer = await model.asked()
    await answer.call("get_weather", city="Rome")
    await answer.finish("tool_calls")
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("The model calls get_weather")
    arguments = chat.answer.get_by_role("group", name="Arguments of get_weather")
    assert json.loads(await arguments.inner_text()) == {"city": "Rome"}


async def test_copy_takes_the_answer_and_leaves_the_thinking(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await chat.send("Why?")
    answer = await model.asked()
    await answer.think("Secret.")
    await answer.say("**Because.**")
    await answer.finish()
    await chat.is_idle()
    await chat.bubble().click()
    await chat.button("Copy answer").click()
    await expect(chat.status).to_have_text("Copied")
    assert await chat.page.evaluate("navigator.clipboard.readText()") == "**Because.**"


async def test_a_screen_reader_hears_each_phase_once(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.page.evaluate(
        """() => {
            window.heard = [];
            const status = document.querySelector("[role=status]");
            const note = () => window.heard.push(status.textContent);
            const everything = {childList: true, characterData: true, subtree: true};
            new MutationObserver(note).observe(status, everything);
        }"""
    )
    await chat.send("Why?")
    answer = await model.asked()
    for number in range(5):
        await answer.think(f"Thought {number}. ")
        await expect(chat.answer).to_contain_text(f"Thought {number}.")
    for number in range(5):
        await answer.say(f"Word {number}. ")
        await expect(chat.answer).to_contain_text(f"Word {number}.")
    await answer.finish()
    await chat.is_idle()
    heard = await chat.page.evaluate("window.heard")
    assert heard == ["The model is thinking", "Answer started", "Answer complete"]
    live = chat.page.locator("[aria-live], [role=log]").filter(has=chat.answer)
    await expect(live).to_have_count(0)


# The composer.


async def test_the_composer_has_the_focus_on_load(chat: ChatPage) -> None:
    await expect(chat.composer).to_be_focused()


async def test_shift_enter_makes_a_line_and_a_composing_enter_sends_nothing(
    chat: ChatPage,
) -> None:
    await chat.composer.fill("one")
    await chat.composer.press("Shift+Enter")
    await chat.composer.press_sequentially("two")
    await chat.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await expect(chat.composer).to_have_value("one\ntwo")
    await expect(chat.questions).to_have_count(0)


async def test_with_the_other_send_key_enter_makes_a_line(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.button("Settings").click()
    await chat.page.get_by_label("Send with").select_option(label="Ctrl+Enter or ⌘+Enter")
    await chat.button("Close").click()
    await chat.composer.fill("one")
    await chat.composer.press("Enter")
    await expect(chat.composer).to_have_value("one\n")
    await chat.composer.press("Control+Enter")
    await (await model.asked()).finish()


async def test_a_slash_goes_to_the_composer_and_types_nothing(chat: ChatPage) -> None:
    await chat.button("New chat").focus()
    await chat.page.keyboard.press("/")
    await expect(chat.composer).to_be_focused()
    await expect(chat.composer).to_have_value("")


async def test_a_draft_survives_a_reload(chat: ChatPage) -> None:
    await chat.composer.fill("not yet sent")
    await chat.page.reload()
    await expect(chat.composer).to_have_value("not yet sent")


async def test_the_composer_grows_to_ten_rem(chat: ChatPage) -> None:
    heights = []
    for lines in (0, 4, 40):
        await chat.composer.fill("line\n" * lines)
        heights.append(await chat.composer.evaluate("(field) => field.offsetHeight"))
    small, grown, full = heights
    assert small < grown < full <= 160


# Conversations.


async def test_a_conversation_is_kept_listed_and_opened_again(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await ask(chat, model, "What is a quark?", "A particle.")
    await expect(chat.page.get_by_role("link", name="What is a quark?")).to_be_visible()
    await chat.button("New chat").click()
    await expect(chat.answers).to_have_count(0)
    await chat.page.get_by_role("link", name="What is a quark?").click()
    await expect(chat.answer).to_contain_text("A particle.")
    await chat.page.reload()
    await expect(chat.answer).to_contain_text("A particle.")
    await expect(chat.questions).to_contain_text("What is a quark?")


async def test_an_answer_goes_on_while_the_reader_looks_elsewhere(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Slow question")
    answer = await model.asked()
    await answer.say("First half, ")
    await expect(chat.answer).to_contain_text("First half,")
    await chat.button("New chat").click()
    await expect(chat.answers).to_have_count(0)
    await answer.say("second half.")
    await chat.page.get_by_role("link", name="Slow question").click()
    await expect(chat.answer).to_contain_text("First half, second half.")
    await answer.finish()
    await chat.is_idle()


async def test_an_answer_goes_on_also_when_its_conversation_is_not_stored_yet(
    chat: ChatPage, model: ScriptedModel
) -> None:
    stored = await hold(chat, "**/api/conversations")
    await chat.send("Slow storage")
    answer = await model.asked()
    await answer.say("First half, ")
    await expect(chat.answer).to_contain_text("First half,")
    await chat.button("New chat").click()
    await expect(chat.answers).to_have_count(0)
    stored.set()
    await answer.say("second half.")
    await answer.finish()
    await chat.page.get_by_role("link", name="Slow storage").click()
    await expect(chat.answer).to_contain_text("First half, second half.")


async def test_a_conversation_is_renamed_found_and_deleted(
    chat: ChatPage, model: ScriptedModel
) -> None:
    page = chat.page
    await ask(chat, model, "apples", "Yes.")
    await chat.button("New chat").click()
    await ask(chat, model, "pears", "No.")
    await expect(page.get_by_role("link", name="pears")).to_be_visible()
    await chat.button("Rename apples").press("Enter")
    await page.get_by_role("dialog").get_by_role("textbox").fill("100% juice")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("link", name="100% juice")).to_be_visible()
    await page.get_by_role("searchbox").fill("0% JUI")
    await expect(page.get_by_role("link", name="pears")).to_have_count(0)
    await page.get_by_role("link", name="100% juice").hover()
    await chat.button("Delete 100% juice").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No title matches.")).to_be_visible()
    await page.get_by_role("searchbox").fill("")
    await expect(page.get_by_role("link", name="pears")).to_be_visible()


@pytest.mark.parametrize(("format_name", "ending"), [("Markdown", "md"), ("JSON", "json")])
async def test_a_conversation_is_exported(
    chat: ChatPage, model: ScriptedModel, format_name: str, ending: str
) -> None:
    await ask(chat, model, "Take me away", "Gladly.")
    await chat.button("Export this conversation").click()
    async with chat.page.expect_download() as waiting:
        await chat.button(f"Export as {format_name}").click()
    download = await waiting.value
    assert download.suggested_filename.endswith(f".{ending}")
    assert "Gladly." in (await download.path()).read_text()


async def test_an_export_has_what_the_page_shows_also_while_it_is_being_stored(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.send("Take me away")
    answer = await model.asked()
    stored = await hold(chat, "**/api/conversations/*/messages/1")
    await answer.say("Not stored ")
    await expect(chat.answer).to_contain_text("Not stored")
    await chat.button("Export this conversation").click()
    async with chat.page.expect_download() as waiting:
        async with chat.page.expect_request("**/messages/1"):
            await chat.button("Export as Markdown").click()
        stored.set()
    text = (await (await waiting.value).path()).read_text()
    assert "Not stored" in text
    await answer.finish()
    await chat.is_idle()


@pytest.mark.parametrize("size", [20, 50_000], ids=["short", "long"])
async def test_a_reload_right_after_the_end_keeps_the_whole_answer(
    chat: ChatPage, model: ScriptedModel, size: int
) -> None:
    await ask(chat, model, "First?", "Yes.")
    await chat.send("Whole?")
    answer = await model.asked()
    await answer.say("word " * (size // 5) + "END")
    await answer.finish()
    await chat.is_idle()
    await chat.page.reload()
    await expect(chat.answers).to_have_count(2)
    await expect(chat.answer).to_contain_text("END")
    await expect(chat.answer).not_to_contain_text("The connection was lost")


STORE_ONE_MESSAGE = """async (message) => {
    const headers = {"Content-Type": "application/json"};
    const call = (method, path, body) =>
        fetch("/api/conversations" + path, {method, headers, body: JSON.stringify(body)});
    const {id} = await (await call("POST", "", {title: "Old"})).json();
    await call("PUT", `/${id}/messages/0`, message);
    return id;
}"""


async def test_a_message_without_an_answer_can_be_asked_again(
    chat: ChatPage, model: ScriptedModel
) -> None:
    message = {"role": "user", "content": "Still there?"}
    added = await chat.page.evaluate(STORE_ONE_MESSAGE, message)
    await chat.page.goto(f"/#/chat/{added}")
    await chat.button("Ask again").click()
    answer = await model.asked()
    assert answer.messages == [message]
    await answer.say("Found.")
    await answer.finish()
    await chat.is_idle()
    await expect(chat.answer).to_contain_text("Found.")


# Login, themes, narrow screens.


async def test_login_says_what_is_wrong_and_signed_out_shows_nothing_else(
    browser: Browser, relay: RelayService, model: ScriptedModel
) -> None:
    del model
    name = await new_user(relay)
    context = await browser.new_context(base_url=relay.url)
    page = await context.new_page()
    await page.goto("/#/admin")
    await expect(page.get_by_label("Name")).to_be_focused()
    await expect(page.get_by_role("navigation")).to_have_count(0)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Enter your name.")).to_be_visible()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_label("Password").press("Enter")
    await expect(page.get_by_text("The name or the password is wrong.")).to_be_visible()
    await expect(page.get_by_label("Password")).to_be_focused()
    await sign_in(page, name, PASSWORD)
    await expect(page.get_by_role("button", name=re.compile("^Sign out"))).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Sign out")).click()
    await expect(page.get_by_label("Name")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Name")).to_be_visible()
    await context.close()


async def test_on_plain_http_the_page_chats_and_copies(
    browser: Browser, relay: RelayService, model: ScriptedModel
) -> None:
    """A home network opens http://NAME.local: there browsers give no clipboard."""
    name = await new_user(relay)
    url = f"http://{LOCAL_NAME}:{relay.service.port}"
    context = await browser.new_context(base_url=url)
    page = await context.new_page()
    await page.goto("/")
    await sign_in(page, name, PASSWORD)
    assert await page.evaluate("[isSecureContext, !!navigator.clipboard]") == [False, False]
    chat = ChatPage(page)
    await ask(chat, model, "Why?", "Because.")
    await chat.button("Copy answer").click()
    await expect(chat.status).to_have_text("Copied")
    await chat.composer.press("Control+v")
    await expect(chat.composer).to_have_value("Because.")
    await context.close()


async def test_the_theme_follows_the_system_until_the_reader_chooses(chat: ChatPage) -> None:
    script = "getComputedStyle(document.body).backgroundColor"
    await chat.page.emulate_media(color_scheme="light")
    light = await chat.page.evaluate(script)
    await chat.page.emulate_media(color_scheme="dark")
    dark = await chat.page.evaluate(script)
    assert light != dark
    await chat.button("Settings").click()
    await chat.page.get_by_label("Theme").select_option(label="Light")
    assert await chat.page.evaluate(script) == light
    await chat.page.reload()
    await expect(chat.composer).to_be_visible()
    assert await chat.page.evaluate(script) == light


@pytest.mark.parametrize("width", [320, 360])
async def test_a_narrow_screen_needs_no_sideways_scroll(
    chat: ChatPage, model: ScriptedModel, width: int
) -> None:
    page = chat.page
    await page.set_viewport_size({"width": width, "height": 640})
    wide = "| a | b |\n|---|---|\n| " + "x" * 200 + " | y |\n\n```\n" + "z" * 300 + "\n```\n\n"
    await ask(chat, model, "w" * 200, wide + "v" * 200)
    script = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert await page.evaluate(script) == 0
    assert await chat.log.evaluate("(box) => box.scrollWidth - box.clientWidth") == 0
    await chat.button("Open menu").click()
    await expect(chat.button("New chat")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(chat.button("Open menu")).to_be_focused()
