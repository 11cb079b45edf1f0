"""What the page costs: its size in every run, its speed at night."""

import asyncio
import gzip
import re
import time
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

import pytest
from playwright.async_api import expect

from browser.chat_page import ChatPage
from browser.conftest import BUILT
from support.scripted_model import ScriptedModel

FIRST_LOAD_BYTES = 110_000
FRAME_MS = 20
OPEN_SECONDS = 2.5

WORDS = (
    "## A heading\n\nA paragraph of **some** words that `say` little, and [a link](https://e.org).\n\n"
    "- one item\n- another with *stress*\n\n```python\ndef f(x):\n    return x + 1\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
)

STREAMS = [
    ("", WORDS, 200),
    ("```python\n", "def f(number: int) -> int:\n    return number + 1\n\n", 500),
]
"""What comes first, what then comes over and over, and how many tokens of it a second."""

MEASURE_FRAMES = """
() => {
    window.frames_ms = [];
    let before = performance.now();
    const look = (now) => {
        window.frames_ms.push(now - before);
        before = now;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}
"""


KEEP = """
async ([text, count]) => {
    const call = async (method, path, body) => {
        const headers = { "Content-Type": "application/json" };
        const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(await answer.text());
        return answer.json();
    };
    const { id } = await call("POST", "/api/conversations", { title: "Long" });
    const turn = { profile: "reader", model: "scripted", parts: [{ kind: "text", text }] };
    for (let position = 0; position < count; position += 1) {
        const message = position % 2 === 0
            ? { role: "user", content: "Go on." }
            : { role: "assistant", turn: { ...turn, finish: "stop" } };
        await call("PUT", `/api/conversations/${id}/messages/${position}`, message);
    }
}
"""


def test_the_first_load_is_small() -> None:
    if not BUILT.exists():
        pytest.skip("the chat page is not built: make webui")
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', BUILT.read_text())
    assert scripts
    size = sum(len(gzip.compress((BUILT.parent / name).read_bytes(), 9)) for name in scripts)
    assert size <= FIRST_LOAD_BYTES


@pytest.mark.nightly
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("begin", "text", "per_second"), STREAMS, ids=["mixed", "code"])
async def test_a_fast_answer_keeps_the_page_smooth(
    chat: ChatPage, model: ScriptedModel, begin: str, text: str, per_second: int
) -> None:
    await chat.send("Write.")
    answer = await model.asked()
    await answer.say(f"Here.\n\n{begin}")
    await expect(chat.answer).to_contain_text("Here.")
    await chat.page.evaluate(MEASURE_FRAMES)
    await _say_steadily(answer.say, text, seconds=20, per_second=per_second)
    frames = sorted(await chat.page.evaluate("window.frames_ms"))
    await answer.finish()
    await chat.is_idle()
    assert frames[int(len(frames) * 0.95)] < FRAME_MS, frames[-20:]


@pytest.mark.nightly
@pytest.mark.asyncio(loop_scope="session")
async def test_a_long_conversation_opens_at_once(chat: ChatPage) -> None:
    """About 100,000 tokens in 364 messages."""
    page = chat.page
    await expect(chat.composer).to_be_visible()
    await page.evaluate(KEEP, [WORDS * 8, 364])
    await page.reload()
    link = page.get_by_role("link", name="Long")
    await expect(link).to_be_visible()
    begin = time.monotonic()
    await link.click()
    await expect(chat.answers).to_have_count(182)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert time.monotonic() - begin < OPEN_SECONDS


async def _say_steadily(
    say: Callable[[str], Awaitable[None]], text: str, *, seconds: int, per_second: int
) -> None:
    """Say *text* over and over, in tokens of four characters, each at its time."""
    endless = cycle(text)
    begin = time.monotonic()
    for number in range(seconds * per_second):
        await asyncio.sleep(max(0.0, begin + number / per_second - time.monotonic()))
        await say("".join(islice(endless, 4)))
