"""Markdown while it grows: nothing half-written shows, nothing finished moves."""

import pytest
from playwright.async_api import expect

from browser.chat_page import ChatPage
from support.scripted_model import Answer, ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE = 'def greet(name):\n    return f"Hello, {name}"\n'
RICH = f"""# Title

Some **bold** and *soft* words, `code` and a [link](https://example.org).

- one
- two

```python
{CODE}```

| a | b |
|---|---|
| 1 | 2 |

The end.
"""


async def ask(chat: ChatPage, model: ScriptedModel) -> Answer:
    await chat.send("Write.")
    return await model.asked()


async def say_in_pieces(answer: Answer, text: str, size: int) -> None:
    for at in range(0, len(text), size):
        await answer.say(text[at : at + size])


async def test_any_cut_of_the_stream_gives_the_same_document(
    chat: ChatPage, model: ScriptedModel
) -> None:
    documents = []
    for size in (1, 3, 7, 50):
        answer = await ask(chat, model)
        await say_in_pieces(answer, RICH, size)
        await answer.finish()
        await chat.is_idle()
        documents.append(await chat.answer.locator(".markdown").inner_html())
    assert documents[1:] == documents[:1] * 3


async def test_a_finished_block_stays_the_same_and_keeps_its_selection(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await ask(chat, model)
    await answer.say("First block.\n\nSecond")
    paragraph = chat.answer.locator("p").first
    await expect(chat.answer).to_contain_text("Second")
    await paragraph.evaluate(
        """(node) => {
            window.first = node;
            window.removed = 0;
            getSelection().selectAllChildren(node);
            new MutationObserver((records) => {
                window.removed += records.filter((one) => node.contains(one.target)).length;
            }).observe(node.parentElement, {childList: true, characterData: true, subtree: true});
        }"""
    )
    await say_in_pieces(answer, " block.\n\n" + RICH, 5)
    await answer.finish()
    await chat.is_idle()
    assert await paragraph.evaluate("(node) => node === window.first")
    assert await chat.page.evaluate("window.removed") == 0
    assert await chat.page.evaluate("getSelection().toString()") == "First block."


WATCH_SETTLED = """(root) => {
    window.settled = new Set();
    window.disturbed = [];
    const isSettled = (node) => [...window.settled].some((block) => block.contains(node));
    new MutationObserver((records) => {
        for (const { target, removedNodes } of records) {
            const gone = [...removedNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE);
            if (gone.some((node) => isSettled(target) || isSettled(node))) {
                window.disturbed.push(target.outerHTML);
            }
        }
        for (const block of [...root.children].slice(0, -1)) window.settled.add(block);
    }).observe(root, { childList: true, subtree: true });
}"""


async def test_nothing_is_taken_out_of_what_stands_before_the_last_block(
    chat: ChatPage, model: ScriptedModel
) -> None:
    answer = await ask(chat, model)
    await answer.say("Words.\n\n")
    await expect(chat.answer).to_contain_text("Words.")
    await chat.answer.locator(".markdown").evaluate(WATCH_SETTLED)
    await say_in_pieces(answer, RICH, 7)
    await answer.finish()
    await chat.is_idle()
    assert await chat.page.evaluate("window.settled.size") > 5
    assert await chat.page.evaluate("window.disturbed") == []


async def test_half_written_signs_never_show(chat: ChatPage, model: ScriptedModel) -> None:
    answer = await ask(chat, model)
    await answer.say("Words.")
    await expect(chat.answer).to_contain_text("Words.")
    await chat.answer.locator(".markdown").evaluate(
        """(root) => {
            window.shown = [];
            const look = () => window.shown.push(root.innerText);
            new MutationObserver(look).observe(
                root, {childList: true, characterData: true, subtree: true});
        }"""
    )
    await say_in_pieces(answer, " A **bold** word, `code` and [a link](https://e.org/x).\n", 1)
    await answer.finish()
    await chat.is_idle()
    shown = await chat.page.evaluate("window.shown")
    assert shown
    assert [text for text in shown if any(sign in text for sign in "*`[]")] == []


async def test_code_is_highlighted_when_its_fence_is_closed_and_copied_as_it_was_written(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = await ask(chat, model)
    await answer.say(f"```python\n{CODE}")
    await expect(chat.answer.locator("pre")).to_contain_text("return")
    await expect(chat.answer.locator(".hljs-keyword")).to_have_count(0)
    await answer.say("```\n")
    await expect(chat.answer.locator(".hljs-keyword").first).to_have_text("def")
    await answer.finish()
    await chat.is_idle()
    await chat.button("Copy code").click()
    await expect(chat.answer.get_by_text("Copied")).to_be_visible()
    assert await chat.page.evaluate("navigator.clipboard.readText()") == CODE.rstrip("\n")


async def test_a_wide_table_scrolls_in_its_own_box(chat: ChatPage, model: ScriptedModel) -> None:
    await chat.page.set_viewport_size({"width": 360, "height": 740})
    answer = await ask(chat, model)
    cells = "|".join(f" column{number} " for number in range(12))
    await answer.say(f"|{cells}|\n|{'---|' * 12}\n|{cells}|\n\n")
    await answer.finish()
    await chat.is_idle()
    box = chat.answer.get_by_role("group", name="Table")
    assert await box.evaluate("(node) => node.scrollWidth > node.clientWidth")
    assert await chat.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    await box.focus()
    await expect(box).to_be_focused()


async def test_formulas_are_drawn_by_a_part_of_the_page_that_comes_when_it_is_needed(
    chat: ChatPage, model: ScriptedModel
) -> None:
    loaded: list[str] = []
    chat.page.on("request", lambda request: loaded.append(request.url))
    answer = await ask(chat, model)
    await answer.say("It costs $5 and $10.\n\n")
    await expect(chat.answer).to_contain_text("$5 and $10.")
    assert not any("katex" in url for url in loaded)
    await answer.say("So $x^2$ and\n\n$$\ny = \\frac{1}{2}\n$$\n")
    await answer.finish()
    await expect(chat.answer.locator(".katex")).to_have_count(2)
    assert any("katex" in url for url in loaded)
    await expect(chat.answer.locator(".math-display .katex-display")).to_be_visible()


async def test_an_image_from_elsewhere_is_a_link(chat: ChatPage, model: ScriptedModel) -> None:
    answer = await ask(chat, model)
    await answer.say("![a cat](https://example.org/cat.png)")
    await answer.finish()
    await chat.is_idle()
    link = chat.answer.get_by_role("link", name="a cat")
    await expect(link).to_have_attribute("href", "https://example.org/cat.png")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(chat.answer.locator("img")).to_have_count(0)
