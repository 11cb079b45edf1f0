"""OpenAI's request body: what is taken, what is ignored, what is refused by name."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import InvalidRequest
from mlx_relay.web.dialects.openai_form import IGNORED, ONLY, OpenAiForm, parse_openai_form

HELLO = {"role": "user", "content": "Hello!"}


def parse(**fields: Any) -> OpenAiForm:
    return parse_openai_form({"model": "qwen", "messages": [HELLO], **fields})


def refusal(**fields: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse(**fields)
    return refused.value.message


def test_a_form_has_openais_fields_and_those_of_our_own() -> None:
    form = parse(
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        temperature=0.5,
        top_k=20,
        stop=["a"],
        seed=7,
        max_tokens=9,
    )
    assert (form.model, form.stream, form.stream_options.include_usage) == ("qwen", True, True)
    assert (form.temperature, form.top_k, form.stop, form.seed) == (0.5, 20, ["a"], 7)
    assert form.max_tokens == 9


def test_both_names_of_the_token_limit_are_one() -> None:
    assert parse(max_completion_tokens=9).max_tokens == 9
    assert parse(max_completion_tokens=9, max_tokens=9).max_tokens == 9
    assert refusal(max_completion_tokens=9, max_tokens=8).startswith("max_tokens: ")


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_a_harmless_field_is_ignored(name: str) -> None:
    assert parse(**{name: "anything"}) == parse()


@pytest.mark.parametrize("name", sorted(ONLY))
def test_a_field_may_ask_for_what_is_done_anyway_and_nothing_else(name: str) -> None:
    assert parse(**{name: ONLY[name]}) == parse()
    assert refusal(**{name: [3]}).startswith(f"{name}: Only ")


def test_null_means_absent() -> None:
    nothing = dict.fromkeys([*IGNORED, *ONLY, "functions", "stop", "stream", "stream_options"])
    assert parse(**nothing) == parse()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"functions": []}, "functions"),
        ({"audio": {}}, "audio"),
        ({"model": 3}, "model"),
        ({"model": None}, "model"),
        ({"temperature": 3}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include": True}}, "stream_options.include"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [3]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages"),
        ({"messages": [{**HELLO, "function_call": {}}]}, "messages"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: dict[str, Any], name: str) -> None:
    assert refusal(**fields).startswith(name)


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Expected object"):
        parse_openai_form([])


def test_an_image_comes_with_the_request() -> None:
    def message(url: str) -> dict[str, Any]:
        return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}

    assert len(parse(messages=[message("data:image/png;base64,AAAA")]).messages) == 1
    assert "image_url" in refusal(messages=[message("https://example.org/a.png")])


def test_an_answer_of_ours_may_come_back_as_a_message() -> None:
    call = {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": [call],
        "reasoning_content": "why",
        "reasoning": "why",
    }
    form = parse(
        messages=[HELLO, answer, {"role": "tool", "tool_call_id": "call_0", "content": ""}]
    )
    alone = parse(messages=[HELLO, {"role": "assistant", "content": "a", "reasoning": "why"}])
    for message in (form.messages[1], alone.messages[1]):
        assert getattr(message, "reasoning_content") == "why"  # noqa: B009 - only one kind has it


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_names = st.sampled_from([*OpenAiForm.__struct_fields__, *IGNORED, *ONLY, "surprise"])


@given(fields=st.dictionaries(_names, _values))
def test_any_json_is_a_form_or_is_refused(fields: dict[str, Any]) -> None:
    with suppress(InvalidRequest):
        parse(**fields)


@given(message=st.dictionaries(st.sampled_from(["role", "content", "reasoning"]), _values))
def test_any_message_is_taken_or_refused(message: dict[str, Any]) -> None:
    with suppress(InvalidRequest):
        parse(messages=[message])
