"""Attachments: picked, dropped and pasted; refused with a reason; made small; sent on."""

import base64
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from browser.chat_page import ChatPage
from browser.sign_in import PASSWORD, new_user, page_of
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTES: FilePayload = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes\nOne."}
SECRET_PLACE = b"GPS 48.8584 N 2.2945 E"

GIVE = """
([name, type, data, kind]) => {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const target = kind === "paste" ? document.querySelector("#composer") : document.body;
    const init = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
        : new DragEvent(kind, { ...init, dataTransfer: transfer });
    target.dispatchEvent(event);
}
"""


async def picture(page: Page, name: str = "photo.jpg") -> FilePayload:
    """A JPEG of 2400 by 1600 pixels in which a camera wrote where it was."""
    data = await page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(2400, 1600);
            const context = canvas.getContext("2d");
            context.fillStyle = "teal";
            context.fillRect(0, 0, 2400, 800);
            const blob = await canvas.convertToBlob({ type: "image/jpeg" });
            return [...new Uint8Array(await blob.arrayBuffer())];
        }"""
    )
    exif = b"Exif\0\0" + SECRET_PLACE
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    jpeg = bytes(data)
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg[:2] + segment + jpeg[2:]}


def picker(chat: ChatPage) -> Locator:
    return chat.page.locator("input[type=file]")


def chips(chat: ChatPage) -> Locator:
    return chat.page.get_by_role("list", name="Attachments").get_by_role("listitem")


async def give(page: Page, kind: str, file: FilePayload) -> None:
    """Drop or paste *file* on the page."""
    await expect(page.locator("#composer")).to_be_visible()
    data = base64.b64encode(file["buffer"]).decode()
    await page.evaluate(GIVE, [file["name"], file["mimeType"], data, kind])


async def sent_content(model: ScriptedModel) -> Any:
    """What the upstream was asked; answers it."""
    answer = await model.asked()
    await answer.say("Seen.")
    await answer.finish()
    return answer.messages[-1]["content"]


async def test_an_image_goes_out_small_and_without_what_the_camera_wrote(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.choose("seer")
    photo = await picture(chat.page)
    assert SECRET_PLACE in photo["buffer"]
    await picker(chat).set_input_files([photo])
    await expect(chips(chat)).to_have_count(1)
    await chat.send("What is this?")
    image, text = await sent_content(model)
    assert text == {"type": "text", "text": "What is this?"}
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert SECRET_PLACE not in base64.b64decode(data)
    await expect(chips(chat)).to_have_count(0)
    shown = chat.questions.last.get_by_role("img")
    assert await shown.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [
        1568,
        1045,
    ]


async def test_an_image_stays_in_the_history(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.choose("seer")
    await picker(chat).set_input_files([await picture(chat.page)])
    await expect(chips(chat)).to_have_count(1)
    await chat.send("First.")
    first = await sent_content(model)
    await chat.is_idle()
    await chat.send("Second.")
    answer = await model.asked()
    assert answer.messages[0]["content"] == first
    await answer.finish()


async def test_trying_again_sends_the_attachments_again(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.choose("seer")
    await picker(chat).set_input_files([await picture(chat.page), NOTES])
    await expect(chips(chat)).to_have_count(2)
    await chat.send("What is this?")
    answer = await model.asked()
    first = answer.messages
    answer.cut()
    await chat.is_idle()
    await chat.button("Try again").click()
    answer = await model.asked()
    assert answer.messages == first
    assert [part["type"] for part in first[0]["content"]] == ["text", "image_url", "text"]
    await answer.finish()
    await chat.is_idle()


async def test_a_text_file_is_inlined_for_every_profile(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.choose("reader")
    await picker(chat).set_input_files([NOTES])
    await expect(chips(chat)).to_contain_text(["notes.md"])
    await chat.send("Summarise.")
    content = await sent_content(model)
    assert content == "[File: notes.md]\n# Notes\nOne.\n\nSummarise."
    await expect(chat.questions.last).to_contain_text("notes.md")


async def test_a_file_can_be_sent_without_words(chat: ChatPage, model: ScriptedModel) -> None:
    await expect(chat.send_button).to_be_disabled()
    await picker(chat).set_input_files([NOTES])
    await chat.send_button.click()
    assert await sent_content(model) == "[File: notes.md]\n# Notes\nOne.\n\n"


@pytest.mark.parametrize("kind", ["drop", "paste"])
async def test_files_can_be_dropped_and_pasted(chat: ChatPage, kind: str) -> None:
    await chat.choose("seer")
    await give(chat.page, kind, await picture(chat.page))
    await expect(chips(chat)).to_contain_text(["photo.jpg"])


async def test_what_is_dragged_over_the_page_is_told_where_it_goes(chat: ChatPage) -> None:
    await give(chat.page, "dragenter", NOTES)
    hint = chat.page.get_by_text("at most 3", exact=False)
    await expect(hint).to_be_visible()
    await give(chat.page, "drop", NOTES)
    await expect(hint).to_have_count(0)
    await expect(chips(chat)).to_have_count(1)


async def test_a_fourth_file_is_refused_with_a_reason(chat: ChatPage) -> None:
    files: list[FilePayload] = [{**NOTES, "name": f"{number}.md"} for number in range(4)]
    await picker(chat).set_input_files(files)
    await expect(chips(chat)).to_have_count(3)
    await expect(chat.page.get_by_role("alert").get_by_text("At most 3 files")).to_be_visible()


async def test_an_image_is_refused_where_the_model_sees_none(chat: ChatPage) -> None:
    await chat.choose("reader")
    await picker(chat).set_input_files([await picture(chat.page)])
    await expect(chat.page.get_by_text("This model cannot see images")).to_be_visible()
    await expect(chips(chat)).to_have_count(0)
    await expect(picker(chat)).not_to_have_attribute("accept", "image/png")


async def test_an_image_for_a_model_that_is_blind_now_holds_the_message_back(
    chat: ChatPage,
) -> None:
    await chat.choose("seer")
    await picker(chat).set_input_files([await picture(chat.page)])
    await expect(chips(chat)).to_have_count(1)
    await chat.composer.fill("Look.")
    await chat.choose("reader")
    await expect(chat.page.get_by_text("Remove the image")).to_be_visible()
    await expect(chat.send_button).to_be_disabled()
    await chat.button("Remove photo.jpg").click()
    await expect(chat.send_button).to_be_enabled()


async def test_the_picker_offers_what_the_model_can_read(chat: ChatPage) -> None:
    await chat.choose("seer")
    assert "image/png" in (await picker(chat).get_attribute("accept") or "")
    await chat.choose("reader")
    await expect(chat.page.get_by_role("button", name="sees no images")).to_be_visible()
    assert "image/" not in (await picker(chat).get_attribute("accept") or "")


async def test_an_attachment_is_taken_off_by_touch(
    browser: Browser, relay: RelayService, model: ScriptedModel
) -> None:
    del model
    name = await new_user(relay)
    async with page_of(browser, relay, name, PASSWORD, has_touch=True) as page:
        chat = ChatPage(page)
        await picker(chat).set_input_files([NOTES])
        await chat.button("Remove notes.md").tap()
        await expect(chips(chat)).to_have_count(0)


async def test_an_attachment_is_taken_off_by_keyboard(chat: ChatPage) -> None:
    more: FilePayload = {**NOTES, "name": "more.md"}
    await picker(chat).set_input_files([NOTES, more])
    button = chat.button("Remove notes.md")
    box = await button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    await button.focus()
    await chat.page.keyboard.press("Enter")
    await expect(chips(chat)).to_have_count(1)
    await expect(chat.button("Remove more.md")).to_be_focused()
    await chat.page.keyboard.press("Space")
    await expect(chips(chat)).to_have_count(0)
    await expect(chat.composer).to_be_focused()


async def test_a_file_that_is_no_image_is_refused_when_it_is_read(chat: ChatPage) -> None:
    await chat.choose("seer")
    broken: FilePayload = {"name": "x.png", "mimeType": "image/png", "buffer": b"not a picture"}
    await picker(chat).set_input_files([broken])
    await expect(chat.page.get_by_text("It cannot be read as an image")).to_be_visible()
