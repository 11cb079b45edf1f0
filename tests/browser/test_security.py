"""What a model says is text: it runs nothing, asks nobody, and makes no element of its own."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, Response, expect

from browser.chat_page import ChatPage
from browser.vectors import AWAY, INJECTIONS, NAUGHTY, RUN
from fake_mlx.cassette import dumps
from fake_mlx.import_sse import import_sse
from support.processes import running
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""

FOREIGN = """
() => [...document.querySelectorAll(".markdown *")].flatMap((element) => {
  const found = [];
  // Those of the renderer, of KaTeX and of highlight.js (`hljs-title function_`, `language-css`).
  const own = /^(code-|table-box$|math|katex|hljs-|language-[a-z]+$|quiet$|small$)|_$/;
  const drawn = element.closest(".katex") !== null;
  const tags = "A BLOCKQUOTE BR BUTTON CODE DEL DIV EM H2 H3 H4 H5 H6 HR LI OL P PRE SPAN STRONG " +
    "TABLE TBODY TD TH THEAD TR UL";
  if (!drawn && !tags.split(" ").includes(element.tagName)) found.push("tag " + element.tagName);
  for (const { name, value } of element.attributes) {
    if (/^on/i.test(name) || ["id", "name", "srcdoc", "src", "action"].includes(name)) {
      found.push(name + "=" + value);
    }
    if (name === "href" && !/^(https?:|mailto:)/.test(value)) found.push("href " + value);
    if (name === "style" && !drawn) found.push("style " + value);
  }
  const foreign = drawn ? [] : [...element.classList].filter((name) => !own.test(name));
  found.push(...foreign.map((name) => "class " + name));
  return found;
})
"""


async def watched(chat: ChatPage) -> list[str]:
    """Open the page again with an eye on it; returns the list where strangers' addresses go."""
    page = chat.page
    strangers: list[str] = []
    origin = page.url.split("/#")[0].rstrip("/")

    def look(request: Request) -> None:
        if not request.url.startswith((origin, "data:image/", "blob:")):
            strangers.append(request.url)

    page.on("request", look)
    page.on("dialog", lambda dialog: strangers.append(dialog.message))
    await page.add_init_script(WATCH)
    await page.reload()
    await expect(chat.composer).to_be_visible()
    return strangers


async def say_all(chat: ChatPage, model: ScriptedModel, texts: list[str], *, cut: bool) -> None:
    for text in texts:
        await chat.send("next")
        answer = await model.asked()
        for piece in text if cut else [text]:
            await answer.say(piece)
        await answer.finish()
        await chat.is_idle()


def is_kept_answer(response: Response) -> bool:
    return response.request.method == "PUT" and response.url.endswith("/messages/1")


async def is_clean(page: Page) -> None:
    assert await page.evaluate("window.pwned") is None
    assert await page.evaluate("window.violations") == []
    assert await page.evaluate(FOREIGN) == []


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "character by character"])
async def test_no_injection_runs_or_reaches_anybody(
    chat: ChatPage, model: ScriptedModel, *, cut: bool
) -> None:
    assert len(INJECTIONS) >= 60
    strangers = await watched(chat)
    await chat.choose("reader")
    answers = ["\n\n".join(INJECTIONS[at : at + 4]) for at in range(0, len(INJECTIONS), 4)]
    await say_all(chat, model, answers, cut=cut)
    await expect(chat.answers).to_have_count(len(answers))
    await is_clean(chat.page)
    assert strangers == []


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "character by character"])
async def test_naughty_strings_leave_the_page_whole(
    chat: ChatPage, model: ScriptedModel, *, cut: bool
) -> None:
    strangers = await watched(chat)
    await say_all(chat, model, NAUGHTY, cut=cut)
    await is_clean(chat.page)
    assert strangers == []
    await expect(chat.composer).to_be_enabled()


async def test_hostile_thinking_tool_calls_and_errors_are_text_too(
    chat: ChatPage, model: ScriptedModel
) -> None:
    strangers = await watched(chat)
    await chat.send(f"<script>{RUN}</script>")
    answer = await model.asked()
    await answer.think("\n\n".join(INJECTIONS))
    await expect(chat.bubble()).to_have_attribute("aria-expanded", "true")
    await is_clean(chat.page)
    await answer.call(f"x<img src=x onerror={RUN}>", argument=f"<img src={AWAY} onerror={RUN}>")
    answer.cut()
    await chat.is_idle()
    await is_clean(chat.page)
    assert strangers == []


async def test_a_stored_conversation_is_as_harmless_as_a_live_one(
    chat: ChatPage, model: ScriptedModel
) -> None:
    strangers = await watched(chat)
    async with chat.page.expect_response(is_kept_answer):
        await say_all(chat, model, ["\n\n".join(INJECTIONS)], cut=False)
    await chat.page.reload()
    await expect(chat.answer).to_contain_text(RUN)
    await is_clean(chat.page)
    assert strangers == []


def hostile_cassette() -> bytes:
    """A recorded server whose thinking, answer and tool call all attack the page."""
    call = {"name": f"x<img src=x onerror={RUN}>", "arguments": json.dumps({"a": INJECTIONS[0]})}
    deltas: list[dict[str, object]] = [
        {"reasoning_content": "\n\n".join(INJECTIONS)},
        {"content": "\n\n".join(INJECTIONS)},
        {"content": "\n\n" + "\n\n".join(NAUGHTY)},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": call}]},
    ]
    choices: list[dict[str, object]] = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    frames = [json.dumps({"object": "chat.completion.chunk", "choices": [one]}) for one in choices]
    body = "".join(f"data: {frame}\n\n" for frame in [*frames, "[DONE]"])
    return dumps(*import_sse(body.encode(), "hostile", "here"))


async def test_a_hostile_server_that_is_cut_anywhere_harms_nobody(
    chat: ChatPage, relay: RelayService, tmp_path: Path
) -> None:
    """Through the fake server, as bytes that are cut in the middle of words and characters."""
    (tmp_path / "hostile.cast.jsonl").write_bytes(hostile_cassette())
    arguments = ("--port", "0", "--cassettes", str(tmp_path), "--speed", "max")
    cuts = ("--rechunk", "bytes:7")
    with running("fake_mlx", "serve", *arguments, *cuts) as fake:
        async with relay.session() as session:
            place = {"host": "127.0.0.1", "port": fake.port, "model_path": "hostile"}
            profile = await relay.add_profile(session, name="hostile", **place)
            strangers = await watched(chat)
            await chat.choose("hostile")
            await chat.send("next")
            await expect(chat.answer).to_contain_text("The model calls")
            await chat.is_idle()
            await chat.bubble().click()
            await expect(chat.bubble()).to_have_attribute("aria-expanded", "true")
            await is_clean(chat.page)
            assert strangers == []
            await session.delete(f"/api/profiles/{profile}")


async def test_what_the_model_wrote_stays_readable(chat: ChatPage, model: ScriptedModel) -> None:
    await say_all(chat, model, [f'<img src=x onerror="{RUN}"> <b>bold</b>'], cut=True)
    await expect(chat.answer).to_contain_text(f'<img src=x onerror="{RUN}"> <b>bold</b>')


async def test_the_policy_of_the_page_forbids_what_is_not_needed(chat: ChatPage) -> None:
    answer = await chat.page.request.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy, json.dumps(policy)
