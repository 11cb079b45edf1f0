"""OpenAI's own Python client and a running relay: answers, tools, refusals, failures, leaving."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionChunk

from support.openai import hear, key_of, openai_client
from support.processes import Service
from support.relay import RelayService
from support.scripted_model import Answer, ScriptedModel, scripted_model
from support.tcp import tcp_server

HELLO: list[Any] = [{"role": "user", "content": "Hello!"}]
WEATHER: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
CHATS = "/v1/chat/completions"
PATIENCE_SECONDS = 30


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as model:
        yield model


@pytest.fixture
async def name(relay: RelayService, model: ScriptedModel, request: pytest.FixtureRequest) -> str:
    """Return the name under which the relay offers the model."""
    return await add(relay, request.node.name, model.port)


async def add(relay: RelayService, name: str, port: int, **fields: Any) -> str:
    async with relay.session() as session:
        await relay.add_profile(
            session, name=name[:64], host="127.0.0.1", port=port, model_path="m", **fields
        )
    return name[:64]


@pytest.fixture
async def client(relay: RelayService) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(
        base_url=f"{relay.url}/v1", api_key=key_of(relay), max_retries=0, timeout=60
    ) as client:
        yield client


async def answer_with_everything(model: ScriptedModel) -> Answer:
    answer = await model.asked()
    await answer.think("Let me see. ")
    await answer.say("Forty")
    await answer.say("-two.")
    await answer.finish("length", prompt_tokens=3, completion_tokens=4, total_tokens=7)
    return answer


async def test_a_whole_answer_has_thinking_text_reason_and_usage(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(
                model=name, messages=HELLO, max_completion_tokens=4, temperature=0.5, stop="END"
            )
        )
        answer = await answer_with_everything(model)
    completion = asked.result()
    (choice,) = completion.choices
    assert (choice.message.content, choice.finish_reason) == ("Forty-two.", "length")
    assert choice.message.reasoning_content == "Let me see. "  # type: ignore[attr-defined]  # not OpenAI's
    assert completion.model == name
    assert completion.usage
    assert completion.usage.total_tokens == 7
    assert (answer.body["max_tokens"], answer.body["stop"]) == (4, ["END"])


async def test_a_stream_brings_each_piece_as_it_comes(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(
                model=name,
                messages=HELLO,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        answer = await model.asked()
        await answer.say("one ")
    stream = asked.result()
    role, first = await anext(stream), await anext(stream)
    assert role.choices[0].delta.role == "assistant"
    assert first.choices[0].delta.content == "one "
    await answer.say("two")
    assert (await anext(stream)).choices[0].delta.content == "two"
    await answer.finish("stop", prompt_tokens=3, completion_tokens=4, total_tokens=7)
    last, usage = [chunk async for chunk in stream]
    assert last.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage
    assert usage.usage.completion_tokens == 4


async def test_the_client_that_does_not_wait_hears_the_same(
    relay: RelayService, model: ScriptedModel, name: str
) -> None:
    with openai_client(relay) as client:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(asyncio.to_thread(hear, client, name))
            await answer_with_everything(model)
    heard = asked.result()
    assert (heard.thinking, heard.text) == ("Let me see. ", "Forty-two.")
    assert (heard.finish_reason, heard.tokens, heard.error) == ("length", 4, None)


async def test_a_tool_is_called_and_its_result_is_sent_back(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    messages = list(HELLO)
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(model=name, messages=messages, tools=WEATHER)
        )
        answer = await model.asked()
        await answer.think("I need the weather. ")
        await answer.call("weather", city="Paris")
        await answer.finish("tool_calls")
    (choice,) = asked.result().choices
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Paris"}')
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "Rain."}]
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(model=name, messages=messages, tools=WEATHER)
        )
        answer = await model.asked()
        await answer.say("It rains.")
        await answer.finish()
    assert asked.result().choices[0].message.content == "It rains."
    assert [message["role"] for message in answer.messages] == ["user", "assistant", "tool"]
    assert answer.messages[1]["tool_calls"][0]["id"] == call.id


async def test_a_call_in_a_stream_has_index_and_id(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(model=name, messages=HELLO, tools=WEATHER, stream=True)
        )
        answer = await model.asked()
        await answer.call("weather", city="Paris")
        await answer.finish("tool_calls")
    chunks = [chunk async for chunk in asked.result()]
    (call,) = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert (call.index, call.id) == (0, "call_1")
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_the_models_are_the_profiles_by_name(
    client: AsyncOpenAI, name: str, model: ScriptedModel
) -> None:
    del model
    assert name in [one.id async for one in client.models.list()]
    assert (await client.models.retrieve(name)).id == name
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nobody")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fields", "kind", "code", "param"),
    [
        ({"model": "nobody"}, openai.NotFoundError, "model_not_found", None),
        ({"n": 2}, openai.BadRequestError, "invalid_request", "n"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_request", "temperature"),
        ({"extra_body": {"sing": 1}}, openai.BadRequestError, "invalid_request", "sing"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            openai.BadRequestError,
            "invalid_request",
            "messages[0].content[0].type",
        ),
    ],
)
async def test_what_cannot_be_is_an_error_of_the_client_with_the_fields_name(
    client: AsyncOpenAI,
    fake: Service,
    relay: RelayService,
    stream: bool,
    fields: dict[str, Any],
    kind: type[openai.APIStatusError],
    code: str,
    param: str | None,
) -> None:
    request = {"model": await some_model(relay, fake), "messages": HELLO, **fields}
    with pytest.raises(kind) as refused:
        await client.chat.completions.create(stream=stream, **request)
    assert (refused.value.code, refused.value.param) == (code, param)


async def some_model(relay: RelayService, fake: Service) -> str:
    """Return the name of a model that answers, which may be there already."""
    async with relay.session() as session, session.get("/v1/models") as answer:
        known = [one["id"] for one in (await answer.json())["data"]]
    return "some model" if "some model" in known else await add(relay, "some model", fake.port)


async def test_a_wrong_key_is_an_authentication_error(relay: RelayService) -> None:
    async with AsyncOpenAI(base_url=f"{relay.url}/v1", api_key="mlxr_wrong") as client:
        with pytest.raises(openai.AuthenticationError) as refused:
            await client.models.list()
    assert refused.value.code == "invalid_api_key"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_server_that_is_not_there_is_a_server_error_before_the_stream(
    client: AsyncOpenAI, relay: RelayService, stream: bool
) -> None:
    name = await add(relay, f"nobody listens {stream}", 1)
    with pytest.raises(openai.InternalServerError) as failed:
        await client.chat.completions.create(model=name, messages=HELLO, stream=stream)
    assert (failed.value.status_code, failed.value.code) == (502, "upstream_unreachable")


async def test_a_refusal_of_the_model_server_is_not_tried_again(relay: RelayService) -> None:
    asked = 0

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with tcp_server(refuse) as port:
        name = await add(relay, "refuses", port)
        async with AsyncOpenAI(base_url=f"{relay.url}/v1", api_key=key_of(relay)) as eager:
            with pytest.raises(openai.BadRequestError) as failed:
                await eager.chat.completions.create(model=name, messages=HELLO)
    assert failed.value.code == "upstream_rejected"
    assert asked == 1


async def test_a_failure_in_mid_stream_is_an_error_after_what_was_said(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(model=name, messages=HELLO, stream=True)
        )
        answer = await model.asked()
        await answer.say("Forty")
        answer.cut()
    said: list[str] = []
    with pytest.raises(openai.APIError) as failed:
        await listen(asked.result(), said)
    assert "".join(said) == "Forty"
    assert failed.value.code == "upstream_truncated"


async def listen(stream: openai.AsyncStream[ChatCompletionChunk], said: list[str]) -> None:
    async for chunk in stream:
        said.append(chunk.choices[0].delta.content or "")  # noqa: PERF401 - it ends with an error


async def test_a_client_that_is_tired_of_waiting_frees_the_model(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    for stream in (True, False):
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(
                tired(client.with_options(timeout=1), model=name, messages=HELLO, stream=stream)
            )
            answer = await model.asked()
            await answer.left()
        assert isinstance(asked.result(), openai.APITimeoutError)


async def tired(client: AsyncOpenAI, **request: Any) -> Exception:
    with pytest.raises(openai.APIError) as failed:
        await client.chat.completions.create(**request)
    return failed.value


async def test_a_stream_that_is_closed_frees_the_model(
    client: AsyncOpenAI, model: ScriptedModel, name: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.chat.completions.create(model=name, messages=HELLO, stream=True)
        )
        answer = await model.asked()
        await answer.say("one ")
    await anext(asked.result())
    await asked.result().close()
    await answer.left()


async def test_who_waits_in_the_queue_is_told_in_comments_that_no_client_minds(
    client: AsyncOpenAI, relay: RelayService, model: ScriptedModel
) -> None:
    name = await add(relay, "one at a time", model.port, max_streams=1)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(
            client.chat.completions.create(model=name, messages=HELLO, stream=True)
        )
        answer = await model.asked()
        await answer.say("first")
        second = group.create_task(raw(relay, name))
        third = group.create_task(asyncio.to_thread(hear, openai_client(relay), name))
        await queued(relay, 2)
        await answer.finish()
        for _ in range(2):
            answer = await model.asked()
            await answer.say("next")
            await answer.finish()
    await first.result().close()
    assert third.result().text == "next"
    assert ": queued 1\n\n" in second.result()
    assert "\nid:" not in second.result()
    assert second.result().endswith("data: [DONE]\n\n")


async def raw(relay: RelayService, name: str) -> str:
    body = {"model": name, "messages": HELLO, "stream": True}
    async with relay.session() as session, session.post(CHATS, json=body) as answer:
        return await answer.text()


async def queued(relay: RelayService, count: int) -> None:
    """Wait until *count* streams wait, of whatever model: no other test has any."""
    found = -1.0
    async with asyncio.timeout(PATIENCE_SECONDS), relay.session() as session:
        while found != count:
            async with session.get("/metrics") as answer:
                text = await answer.text()
            found = sum(
                map(
                    float, re.findall(r"^mlx_relay_queued_streams\{.*\} (\S+)$", text, re.MULTILINE)
                )
            )
