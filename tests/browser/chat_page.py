"""The chat page as its reader finds it: by labels and roles, never by how it is built."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

JUMP = re.compile("Jump to newest|New text below")
SCREENSHOTS = Path(__file__).parent / "screenshots"


class ChatPage:
    """What a reader sees and does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.composer = page.get_by_role("textbox", name="Message", exact=True)
        self.log = page.get_by_role("main", name="Conversation")
        self.answers = page.get_by_role("article", name=re.compile("^Answer"))
        self.questions = page.get_by_role("article", name="You")
        self.send_button = page.get_by_role("button", name="Send", exact=True)
        self.stop_button = page.get_by_role("button", name="Stop", exact=True)
        self.status = page.get_by_role("status").first

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.answers.last

    def bubble(self, index: int = 0) -> Locator:
        """The button of a thinking block of the newest answer."""
        return self.answer.get_by_role("button", name=re.compile("^(Thinking|Thought)")).nth(index)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def send(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def choose(self, profile: str) -> None:
        await self.page.get_by_role("button", name=re.compile("^Model:")).click()
        await self.page.get_by_role("button", name=re.compile(f"^{profile},")).click()

    async def is_idle(self) -> None:
        """Wait until no answer grows any more."""
        await expect(self.stop_button).to_have_count(0)
        await expect(self.answer).to_have_attribute("aria-busy", "false")

    async def shows_end(self) -> None:
        """Wait until the log follows its end, which is in sight within a second of frames."""
        await expect(self.page.get_by_role("button", name=JUMP)).to_have_count(0)
        gaps = await self.log.evaluate(
            """async (box) => {
                const gaps = [];
                for (let frame = 0; frame < 60 && (gaps.at(-1) ?? 99) >= 60; frame += 1) {
                    await new Promise(requestAnimationFrame);
                    gaps.push(box.scrollHeight - box.clientHeight - box.scrollTop);
                }
                return gaps;
            }"""
        )
        assert gaps[-1] < 60

    async def gap(self) -> float:
        """How many pixels of the log lie below what is in sight."""
        script = "(box) => box.scrollHeight - box.clientHeight - box.scrollTop"
        return float(await self.log.evaluate(script))

    async def focused(self) -> Any:
        """The id, or else the name, of the element that has the focus."""
        script = "() => document.activeElement.id || document.activeElement.tagName"
        return await self.page.evaluate(script)


async def picture_of(page: Page, name: str) -> None:
    """Write what is to be seen of *page* into the folder of screenshots."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png")
