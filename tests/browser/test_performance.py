"""What the page costs: its size in every run, its speed at night."""

import asyncio
import gzip
import re
import time
from collections.abc import Awaitable, Callable
from itertools import cycle, islice

import pytest
from playwright.async_api import Page, expect

from browser.chat_page import ChatPage
from browser.conftest import BUILT
from support.scripted_model import ScriptedModel

FIRST_LOAD_BYTES = 110_000
FRAME_MS = 20
LONG_TASKS = 3
SCRIPT_SHARE = 0.2
KEYSTROKE_MS = 5
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
    window.long_tasks = [];
    const note = (list) =>
        window.long_tasks.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: "longtask" });
    let before = performance.now();
    const look = (now) => {
        window.frames_ms.push(now - before);
        before = now;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}
"""

TYPE = """
() => {
    const field = document.querySelector("#composer");
    field.focus();
    const times = [];
    for (let number = 0; number < 100; number += 1) {
        const begin = performance.now();
        document.execCommand("insertText", false, "x");
        field.getBoundingClientRect();
        times.push(performance.now() - begin);
    }
    return times.sort((one, other) => one - other);
}
"""
"""Each character as the browser itself types it, with the page laid out anew."""

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
    before = await _spent(chat.page)
    await _say_steadily(answer.say, text, seconds=20, per_second=per_second)
    after = await _spent(chat.page)
    frames = sorted(await chat.page.evaluate("window.frames_ms"))
    long_tasks = await chat.page.evaluate("window.long_tasks")
    await answer.finish()
    await chat.is_idle()
    assert frames[int(len(frames) * 0.95)] < FRAME_MS, frames[-20:]
    assert len(long_tasks) <= LONG_TASKS, long_tasks
    script, elapsed = (after[name] - before[name] for name in ("ScriptDuration", "Timestamp"))
    assert script / elapsed < SCRIPT_SHARE


@pytest.mark.nightly
@pytest.mark.asyncio(loop_scope="session")
async def test_a_long_conversation_opens_at_once_and_typing_below_it_is_quick(
    chat: ChatPage,
) -> None:
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
    times = await page.evaluate(TYPE)
    assert times[int(len(times) * 0.95)] < KEYSTROKE_MS, times[-10:]


async def _spent(page: Page) -> dict[str, float]:
    """What the renderer has done so far, in seconds, by the browser's own names."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    answer = await session.send("Performance.getMetrics")
    await session.detach()
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def _say_steadily(
    say: Callable[[str], Awaitable[None]], text: str, *, seconds: int, per_second: int
) -> None:
    """Say *text* over and over, in tokens of four characters, each at its time."""
    endless = cycle(text)
    begin = time.monotonic()
    for number in range(seconds * per_second):
        await asyncio.sleep(max(0.0, begin + number / per_second - time.monotonic()))
        await say("".join(islice(endless, 4)))
