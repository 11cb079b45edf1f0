"""DeepSeek's four ways to write calls."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told
from unit.pipeline.families.more_samples import wide

_WEATHER = ToolCall(0, "call_0", "weather", '{"zip": "012"}')
_TIME = ToolCall(1, "call_1", "time", "{}")


def both(name: str) -> dict[str, str]:
    return {"reasoning_parser": name, "tool_parser": name}


def section(*calls: str) -> str:
    inside = "\n".join(f"<|tool▁call▁begin|>{call}<|tool▁call▁end|>" for call in calls)
    return wide(f"<|tool▁calls▁begin|>{inside}<|tool▁calls▁end|>")


JSON_CALLS = {
    "deepseek_v3": (
        'function<|tool▁sep|>weather\n```json\n{"zip": "012"}\n```',
        "function<|tool▁sep|>time\n```json\n{}\n```",
    ),
    "deepseek_v31": ('weather<|tool▁sep|>{"zip": "012"}', "time<|tool▁sep|>{}"),
}


@pytest.mark.parametrize("name", JSON_CALLS)
def test_calls_stand_in_a_section_and_text_goes_on_behind_it(name: str) -> None:
    text = f"<think>why</think>Hm: {section(*JSON_CALLS[name])} ok"
    events = [Thinking("why"), END, Response("Hm: "), _WEATHER, _TIME, Response(" ok")]
    assert_told(text, events, **both(name))


@pytest.mark.parametrize("name", JSON_CALLS)
def test_a_malformed_call_comes_back_once_and_the_next_is_read(name: str) -> None:
    bad = "two words<|tool▁sep|>{"
    first = JSON_CALLS[name][0]
    raw = wide(f"<|tool▁call▁begin|>{bad}<|tool▁call▁end|>")
    assert_told(section(bad, first), [Response(raw), _WEATHER], **both(name))


@pytest.mark.parametrize("name", JSON_CALLS)
def test_a_call_that_is_cut_off_comes_back_once(name: str) -> None:
    cut = wide(f"<|tool▁call▁begin|>{JSON_CALLS[name][0][:-4]}")
    assert_told(wide("<|tool▁calls▁begin|>") + cut, [Response(cut)], **both(name))


@pytest.mark.parametrize("name", JSON_CALLS)
def test_these_calls_do_not_end_thinking(name: str) -> None:
    call = section(*JSON_CALLS[name])
    assert_told(f"<think>{call}</think>4", [Thinking(call), END, Response("4")], **both(name))


def elements(text: str, wrapper: str = "tool_calls") -> str:
    """Return *text* with DeepSeek's prefix in each tag, in *wrapper*."""
    prefixed = text.replace("<", "<|DSML|").replace("<|DSML|/", "</|DSML|")
    return wide(f"<|DSML|{wrapper}>\n{prefixed}\n</|DSML|{wrapper}>")


_INVOKE = '<invoke name="weather">\n<parameter name="zip" string="true">012</parameter>\n</invoke>'


@pytest.mark.parametrize("wrapper", ["tool_calls", "toolcalls", "tool", " calls"])
def test_elements_end_thinking_and_its_space_is_dropped(wrapper: str) -> None:
    text = _INVOKE
    if wrapper == " calls":
        text = text.replace("<", "< ").replace("< /", "</ ")
    assert_told(
        f"why\n{elements(text, wrapper)} ok",
        [Thinking("why"), END, _WEATHER, Response(" ok")],
        **both("deepseek_v4"),
    )


def test_elements_of_v32_end_thinking_too() -> None:
    assert_told(
        f"<think>why{elements(_INVOKE, 'function_calls')}",
        [Thinking("why"), END, _WEATHER],
        **both("deepseek_v32"),
    )


VALUES = {
    '<parameter name="x" string="true">1</parameter>': '{"x": "1"}',
    '<parameter name="x" string="false">[1, {}]</parameter>': '{"x": [1, {}]}',
    '<parameter name="x" string="false">oh</parameter>': '{"x": "oh"}',
    '<parameter name="zip">012</parameter>': '{"zip": "012"}',
    '<parameter name="arguments" string="false">{"a": 1}</parameter>': '{"a": 1}',
    '<parameter name="input" string="false">{"a": 1}</parameter>': '{"a": 1}',
    '<parameter name="input" string="true">{"a": 1}</parameter>': '{"input": "{\\"a\\": 1}"}',
}


@pytest.mark.parametrize("parameters", VALUES)
def test_a_value_says_whether_it_is_a_string(parameters: str) -> None:
    text = elements(f'<invoke name="weather">{parameters}</invoke>')
    call = ToolCall(0, "call_0", "weather", VALUES[parameters])
    assert_told(text, [call], **both("deepseek_v4"))


@pytest.mark.parametrize("body", [' name="f">x', ' name="f"><parameter name="a">b', " f>"])
def test_a_malformed_element_comes_back_once(body: str) -> None:
    raw = wide(f"<|DSML|invoke{body}</|DSML|invoke>")
    wrapper = elements("", "tool_calls").split("\n")
    text = f"{wrapper[0]}{raw}{wrapper[2]}4"
    assert_told(text, [Response(f"{raw}4")], **both("deepseek_v4"))


V4: dict[str, list[Event]] = {
    "why \n</think>\n4": [Thinking("why"), END, Response("\n4")],
    "<think>a<think>b</think>4": [Thinking("ab"), END, Response("4")],
    "why</think>4</think>2": [Thinking("why"), END, Response("42")],
    "why</think>4<think>b</think>2": [
        Thinking("why"),
        END,
        Response("4"),
        Thinking("b"),
        END,
        Response("2"),
    ],
    wide("why</think>4<|end▁of▁sentence|>"): [Thinking("why"), END, Response("4")],
    wide("why<|end▁of▁sentence|>"): [Thinking("why"), END],
}


@pytest.mark.parametrize("text", V4)
def test_v4_absorbs_doubled_tags_and_the_end_of_the_sentence(text: str) -> None:
    assert_told(text, V4[text], **both("deepseek_v4"))


def test_a_blank_answer_before_a_call_of_v4_is_dropped() -> None:
    assert_told(
        f"why</think>\n\n{elements(_INVOKE)}",
        [Thinking("why"), END, _WEATHER],
        **both("deepseek_v4"),
    )


def test_a_stray_closing_tag_of_v3_stays_text() -> None:
    assert_told("4</think>2", [Response("4</think>2")], **both("deepseek_v3"))
