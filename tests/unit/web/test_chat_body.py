"""The body for the upstream: what is sent, what is left out, and what is made fit."""

from typing import Any

import msgspec
import pytest

from mlx_relay.errors import InvalidRequest
from mlx_relay.profiles import Profile
from mlx_relay.web.chat_body import count_images, to_upstream
from mlx_relay.web.chat_form import ChatForm
from mlx_relay.web.forms import parse_form

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TEXT = Profile(id=1, name="p", host="h", port=1, model_path="the/model")
MULTIMODAL = msgspec.structs.replace(TEXT, model_type="multimodal")


def parse(*messages: dict[str, Any], **fields: Any) -> ChatForm:
    return parse_form(ChatForm, {"profile_id": 1, "messages": list(messages), **fields})


def body(form: ChatForm, profile: Profile = TEXT) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(to_upstream(form, profile))
    return decoded


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_the_least_request_is_streamed_asks_for_usage_and_names_the_profiles_model() -> None:
    assert body(parse(user("Hello!"))) == {
        "model": "the/model",
        "messages": [user("Hello!")],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_nothing_null_is_sent() -> None:
    sent = body(parse(user("x"), temperature=None, stop=None, tools=None, seed=None))
    assert set(sent) == {"model", "messages", "stream", "stream_options"}


def test_options_are_sent_as_they_were_asked() -> None:
    options = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "min_p": 0.1,
        "max_tokens": 100,
        "seed": 1,
        "repetition_penalty": 1.1,
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "chat_template_kwargs": {"enable_thinking": False},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": None}}}],
    }
    sent = body(parse(user("x"), **options))
    assert {name: sent[name] for name in options} == options


@pytest.mark.parametrize(("asked", "sent"), [("END", ["END"]), (["a", "b"], ["a", "b"])])
def test_stop_is_sent_as_a_list(asked: Any, sent: list[str]) -> None:
    assert body(parse(user("x"), stop=asked))["stop"] == sent


def test_an_empty_list_of_stops_is_left_out() -> None:
    assert "stop" not in body(parse(user("x"), stop=[]))


def test_developer_is_sent_as_system() -> None:
    sent = body(parse({"role": "developer", "content": "Be brief."}, user("x")))
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."}


def test_reasoning_of_earlier_turns_is_dropped_unless_the_profile_keeps_it() -> None:
    turn = {"role": "assistant", "content": "4", "reasoning_content": "2 and 2"}
    form = parse(user("x"), turn, user("y"))
    assert body(form)["messages"][1] == {"role": "assistant", "content": "4"}
    keeps = msgspec.structs.replace(TEXT, keeps_reasoning=True)
    assert body(form, keeps)["messages"][1] == turn


def test_a_call_without_text_is_sent_with_empty_content() -> None:
    call = {"id": "c", "index": 0, "function": {"name": "f", "arguments": "{}"}}
    turn = {"role": "assistant", "content": None, "tool_calls": [call]}
    sent = body(parse(user("x"), turn, {"role": "tool", "tool_call_id": "c", "content": "42"}))
    assert sent["messages"][1]["content"] == ""
    assert sent["messages"][1]["tool_calls"] == [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]
    assert sent["messages"][2] == {"role": "tool", "tool_call_id": "c", "content": "42"}


def test_parts_are_joined_for_a_text_model_and_kept_for_a_multimodal_one() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert body(parse(user(parts)))["messages"][0]["content"] == "ab"
    pictures = [*parts, IMAGE]
    assert body(parse(user(pictures)), MULTIMODAL)["messages"][0]["content"] == pictures


def test_a_text_model_is_never_sent_an_image() -> None:
    form = parse(user([{"type": "text", "text": "a"}, IMAGE]))
    assert count_images(form) == 1
    with pytest.raises(InvalidRequest, match="text only"):
        to_upstream(form, TEXT)
