"""The chat form: what a client may ask for, and that each wrong field is refused by its name."""

from typing import Any

import pytest

from mlx_relay.errors import InvalidRequest
from mlx_relay.web.chat_form import ChatForm
from mlx_relay.web.forms import parse_form

HELLO = [{"role": "user", "content": "Hello!"}]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def parse(**fields: Any) -> ChatForm:
    return parse_form(ChatForm, {"profile_id": 1, "messages": HELLO, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"temperature": 0, "top_p": 1, "top_k": 20, "min_p": 0.05, "max_tokens": 100, "seed": 7},
        {"temperature": None, "stop": None, "tools": None},
        {"stop": "END"},
        {"stop": ["a", "b"]},
        {"tools": [TOOL], "tool_choice": "required"},
        {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
        {"chat_template_kwargs": {"enable_thinking": False, "reasoning_effort": "low"}},
        {"messages": [{"role": "system", "content": "Be brief."}, *HELLO]},
        {"messages": [{"role": "developer", "content": "Be brief."}, *HELLO]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, IMAGE]}]},
        {
            "messages": [
                *HELLO,
                {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": "why",
                    "tool_calls": [
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "f", "arguments": "{}"},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": "42"},
            ]
        },
    ],
)
def test_what_the_contract_allows_is_taken(fields: dict[str, Any]) -> None:
    parse(**fields)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"n": 2}, "n"),
        ({"model": "other"}, "model"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"stream_options": {}}, "stream_options"),
        ({"profile_id": "1"}, "profile_id"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "user"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "x", "audio": 1}]}, "audio"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "tool_call_id"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 1.5}, "top_p"),
        ({"top_k": 10**6}, "top_k"),
        ({"top_k": 1.5}, "top_k"),
        ({"min_p": 2}, "min_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 10**9}, "max_tokens"),
        ({"stop": 5}, "stop"),
        ({"stop": [5]}, "stop"),
        ({"stop": [None]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": {}}, "stop"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"tools": "f"}, "tools"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"chat_template_kwargs": "x"}, "chat_template_kwargs"),
        ({"chat_template_kwargs": {"a": [1]}}, "chat_template_kwargs"),
        ({"response_format": {"type": "xml"}}, "response_format"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(**fields)
    assert name in refused.value.message


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "https://127.0.0.1/a.png",
        "file:///etc/passwd",
        "/etc/passwd",
        "data:text/html;base64,AAAA",
        "data:image/svg+xml;base64,AAAA",
        " data:image/png;base64,AAAA",
    ],
)
def test_an_image_is_only_ever_a_data_url(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    with pytest.raises(InvalidRequest, match="url"):
        parse(messages=[{"role": "user", "content": [part]}])
