"""For everybody: axe finds nothing, the keyboard reaches everything, small screens do."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from browser.chat_page import ChatPage
from support.processes import ROOT
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = ROOT / "service/webui/node_modules/axe-core/axe.min.js"
RUN_AXE = """
async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html) }));
}
"""
RICH = """## Title

Some **bold** words, `code` and a [link](https://example.org).

- one
- [ ] two

```python
def f(): return "x"  # note
```

| a | b |
|---|---|
| 1 | 2 |

> quoted $x^2$
"""


async def violations(page: Page) -> Any:
    if not Path(AXE).exists():
        pytest.skip("axe-core is not here: npm ci in service/webui")
    await page.evaluate(AXE.read_text())
    return await page.evaluate(RUN_AXE)


async def fits(page: Page) -> bool:
    script = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(await page.evaluate(script))


async def talk(chat: ChatPage, model: ScriptedModel) -> None:
    """A conversation with an open bubble, a rich answer, a tool call, and an error at its end."""
    await chat.send("Write.")
    answer = await model.asked()
    await answer.think("Let me see.")
    await answer.say(RICH)
    await answer.call("look_up", word="x")
    await answer.finish("tool_calls", prompt_tokens=3, completion_tokens=4, total_tokens=7)
    await chat.is_idle()
    await chat.bubble().click()
    await chat.send("And now?")
    answer = await model.asked()
    await answer.say("Half an")
    answer.cut()
    await chat.is_idle()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_conversation_has_no_barriers(
    chat: ChatPage, model: ScriptedModel, scheme: Any
) -> None:
    await chat.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await talk(chat, model)
    assert await violations(chat.page) == []


async def test_a_conversation_has_no_barriers_on_a_phone(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.emulate_media(reduced_motion="reduce")
    await chat.page.set_viewport_size({"width": 320, "height": 640})
    await talk(chat, model)
    assert await violations(chat.page) == []
    assert await fits(chat.page)


async def test_an_answer_has_no_barriers_while_it_is_written(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.emulate_media(reduced_motion="reduce")
    await chat.send("Write.")
    answer = await model.asked()
    await answer.think("Let me see.")
    await expect(chat.bubble()).to_have_accessible_name("Thinking...")
    assert await violations(chat.page) == []
    await expect(chat.answer).to_have_attribute("aria-busy", "true")
    await answer.say(RICH + "\n\nAnd more")
    await expect(chat.answer).to_contain_text("And more")
    assert await chat.answer.locator("[aria-live]").count() == 0
    live = "(node) => node.closest('[aria-live], [role=log], [role=status]') === null"
    assert await chat.answer.evaluate(live)
    await answer.finish()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 900), (320, 640)], ids=["desk", "phone"])
async def test_the_administration_has_no_barriers(
    admin_page: Page, scheme: Any, size: tuple[int, int]
) -> None:
    page = admin_page
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto("/#/admin")
    await expect(page.get_by_role("button", name="Edit reader")).to_be_visible()
    await expect(page.get_by_role("button", name="Edit ada")).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)
    await page.get_by_role("button", name="Edit reader").click()
    await page.get_by_role("dialog").get_by_text("More", exact=True).click()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="New user").click()
    assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_metrics_have_no_barriers(admin_page: Page, scheme: Any) -> None:
    page = admin_page
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.goto("/#/metrics")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)


async def test_attachments_have_no_barriers(chat: ChatPage) -> None:
    await chat.page.emulate_media(reduced_motion="reduce")
    notes: Any = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes"}
    program: Any = {"name": "x.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}
    await chat.page.locator("input[type=file]").set_input_files([notes, program])
    await expect(chat.button("Remove notes.md")).to_be_visible()
    assert await violations(chat.page) == []


CONTROLS = """() => {
    const controls = "a[href], button, input, select, textarea, [tabindex='0']";
    window.controls = [...document.querySelectorAll(controls)].filter((one) =>
        one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0);
    window.controls[0].focus();
    return window.controls.map((one) => one.outerHTML.slice(0, 120));
}"""
FOCUSED = """() => {
    const at = document.activeElement;
    // The composer shows its focus on the card around it.
    const shown = getComputedStyle(at.closest(".card:has(#composer:focus)") ?? at);
    const outlined = shown.outlineStyle !== "none" && parseFloat(shown.outlineWidth) >= 1;
    return [at.outerHTML.slice(0, 120), outlined];
}"""


async def test_the_tab_key_leads_to_every_control_in_order_and_shows_where_it_is(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await talk(chat, model)
    await expect(chat.page.get_by_role("link", name="Write.")).to_be_visible()
    controls = await chat.page.evaluate(CONTROLS)
    await chat.page.keyboard.press("Shift+Tab")
    seen = []
    for _ in controls:
        await chat.page.keyboard.press("Tab")
        seen.append(await chat.page.evaluate(FOCUSED))
    assert [control for control, _ in seen] == controls
    assert [control for control, outlined in seen if not outlined] == []


async def test_a_profile_is_changed_by_keyboard_alone(admin_page: Page) -> None:
    page = admin_page
    await page.goto("/#/admin")
    edit = page.get_by_role("button", name="Edit reader")
    await edit.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    for label in ("Scheme", "Host", "Port", "Path", "Model"):
        await page.keyboard.press("Tab")
        await expect(dialog.get_by_label(label, exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(edit).to_be_focused()


async def test_nothing_moves_for_those_who_asked_for_stillness(
    chat: ChatPage, model: ScriptedModel
) -> None:
    await chat.page.emulate_media(reduced_motion="reduce")
    await chat.send("Write.")
    answer = await model.asked()
    await answer.think("Let me see.")
    await expect(chat.bubble()).to_have_accessible_name("Thinking...")
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || parseFloat(transitionDuration) > 0.01;
    }).map((element) => element.outerHTML.slice(0, 200))"""
    assert await chat.page.evaluate(moving) == []
    await answer.finish()
