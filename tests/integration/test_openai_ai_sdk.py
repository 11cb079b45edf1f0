"""The AI SDK and a running relay: tools, images, refusals, failures in mid-stream."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mlx_relay.errors import FAILURES
from support.node import FOLDER, run_script
from support.openai import key_of
from support.relay import RelayService
from support.scripted_model import ScriptedModel, scripted_model

HELLO = [{"role": "user", "content": "Hello!"}]
PIXEL = "iVBORw0KGgo="
WEATHER = ["weather", {"type": "object", "properties": {"city": {"type": "string"}}}]


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as model:
        yield model


async def ask(relay: RelayService, name: str, **request: Any) -> dict[str, Any]:
    """Return what the SDK heard."""
    asked = {"model": name, "messages": HELLO, **request}
    address = {"baseURL": f"{relay.url}/v1", "apiKey": key_of(relay)}
    (heard,) = await asyncio.to_thread(run_script, "stream.mjs", {**address, "requests": [asked]})
    assert isinstance(heard, dict)
    return heard


async def add(relay: RelayService, name: str, port: int, **fields: Any) -> None:
    async with relay.session() as session:
        await relay.add_profile(
            session, name=name, host="127.0.0.1", port=port, model_path="m", **fields
        )


def test_the_lock_file_names_no_registry() -> None:
    lock = (FOLDER / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


async def test_a_tool_is_called(relay: RelayService, model: ScriptedModel) -> None:
    await add(relay, "ai tool", model.port)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(relay, "ai tool", tools=[WEATHER]))
        answer = await model.asked()
        await answer.think("I need the weather. ")
        await answer.call("weather", city="Paris")
        await answer.finish("tool_calls", prompt_tokens=3, completion_tokens=4, total_tokens=7)
    heard = asked.result()
    assert heard["reasoning"] == "I need the weather. "
    assert heard["calls"] == [{"name": "weather", "input": {"city": "Paris"}}]
    assert heard["finishReason"] == "tool-calls"
    assert heard["usage"]["totalTokens"] == 7
    assert answer.body["tools"][0]["function"]["name"] == "weather"


async def test_the_result_of_a_tool_and_an_image_are_sent_on(
    relay: RelayService, model: ScriptedModel
) -> None:
    await add(relay, "ai image", model.port, model_type="multimodal")
    call = {"toolCallId": "call_1", "toolName": "weather"}
    result = {"type": "tool-result", **call, "output": {"type": "text", "value": "Rain."}}
    image = {"type": "image", "image": PIXEL, "mediaType": "image/png"}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": "I need the weather. "},
                {"type": "tool-call", **call, "input": {"city": "Paris"}},
            ],
        },
        {"role": "tool", "content": [result]},
    ]
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(relay, "ai image", messages=messages, tools=[WEATHER]))
        answer = await model.asked()
        await answer.say("It rains.")
        await answer.finish()
    assert asked.result()["text"] == "It rains."
    user, assistant, tool = answer.messages
    assert user["content"][1]["image_url"]["url"] == f"data:image/png;base64,{PIXEL}"
    assert assistant["tool_calls"][0]["function"]["name"] == "weather"
    assert "reasoning_content" not in assistant
    assert (tool["tool_call_id"], tool["content"]) == ("call_1", "Rain.")


async def test_a_failure_in_mid_stream_is_an_error_after_what_was_said(
    relay: RelayService, model: ScriptedModel
) -> None:
    await add(relay, "ai cut", model.port)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(ask(relay, "ai cut"))
        answer = await model.asked()
        await answer.say("Forty")
        answer.cut()
    heard = asked.result()
    assert heard["text"] == "Forty"
    assert heard["error"]["message"] == FAILURES["upstream_truncated"].sentence


@pytest.mark.parametrize(
    ("name", "options", "status", "code"),
    [
        ("ai nobody", {}, 404, "model_not_found"),
        ("ai dead", {}, 502, "upstream_unreachable"),
        ("ai dead", {"sing": 1}, 400, "invalid_request"),
    ],
)
async def test_a_refusal_has_its_status_and_its_code(
    relay: RelayService, dead: None, name: str, options: dict[str, Any], status: int, code: str
) -> None:
    heard = await ask(relay, name, options=options)
    assert (heard["error"]["status"], heard["error"]["code"]) == (status, code)
    assert heard["text"] == ""


@pytest.fixture(scope="module")
def dead(relay: RelayService) -> None:
    asyncio.run(add(relay, "ai dead", 1))
