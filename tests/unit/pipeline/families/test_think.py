"""The ``<think>`` family, as whole streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts, merged, play
from mlx_relay.events import Done, Event, Response, Thinking, ThinkingDone
from unit.pipeline.frames import ENDING, content

END = ThinkingDone(0.0)


def told(*texts: str, **options: object) -> list[Event]:
    events = merged(play([content(text) for text in texts] + [ENDING], **options))
    assert events.pop() == Done("stop")
    return events


CASES: dict[str, tuple[str, list[Event]]] = {
    "a block and an answer": (
        "<think>\nwhy\n</think>\n\nFour",
        [Thinking("\nwhy\n"), END, Response("\n\nFour")],
    ),
    "white space before the block is text": (
        "\n<think>why</think>4",
        [Response("\n"), Thinking("why"), END, Response("4")],
    ),
    "text before the block": (
        "Hm: <think>why</think>4",
        [Response("Hm: "), Thinking("why"), END, Response("4")],
    ),
    "several blocks": (
        "<think>a</think>b<think>c</think>d",
        [Thinking("a"), END, Response("b"), Thinking("c"), END, Response("d")],
    ),
    "adjacent blocks": (
        "<think>a</think><think>b</think>",
        [Thinking("a"), END, Thinking("b"), END],
    ),
    "the opening tag twice": (
        "<think><think>why</think>4",
        [Thinking("why"), END, Response("4")],
    ),
    "an opening tag in the middle of thinking": (
        "<think>a <think> b</think>4",
        [Thinking("a <think> b"), END, Response("4")],
    ),
    "a stray closing tag": ("4</think>2", [Response("4</think>2")]),
    "a second closing tag": (
        "<think>a</think></think>4",
        [Thinking("a"), END, Response("</think>4")],
    ),
    "the closing tag never comes": ("<think>why", [Thinking("why"), END]),
    "a piece of a tag at the end": ("4 <thi", [Response("4 <thi")]),
    "a piece of a closing tag at the end": ("<think>a</thi", [Thinking("a</thi"), END]),
    "a blank block": ("<think>\n\n</think>\n\n4", [Response("\n\n4")]),
    "an empty block": ("<think></think>4", [Response("4")]),
    "almost a tag": ("a < b <thin> <Think> c", [Response("a < b <thin> <Think> c")]),
    "a tag quoted in a code span": (
        "Use the `<think>` tag. Then",
        [Response("Use the `<think>` tag. Then")],
    ),
    "a tag quoted in a fenced block": (
        "```text\n<think>\nx\n</think>\n```\n<think>why</think>4",
        [Response("```text\n<think>\nx\n</think>\n```\n"), Thinking("why"), END, Response("4")],
    ),
    "a stray backtick hides no more than its paragraph": (
        "it` <think>\n\n<think>why</think>4",
        [Response("it` <think>\n\n"), Thinking("why"), END, Response("4")],
    ),
    "a line begins behind a block": (
        "Hm: <think>a</think>```\n\n<think>\n```",
        [Response("Hm: "), Thinking("a"), END, Response("```\n\n<think>\n```")],
    ),
    "code inside thinking does not keep it from ending": (
        "<think>`x</think>4 <think>b</think>",
        [Thinking("`x"), END, Response("4 "), Thinking("b"), END],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_block_is_told_apart_in_one_delta_and_in_characters(case: str) -> None:
    text, events = CASES[case]
    assert told(text) == events
    assert told(*text) == events


@given(data=st.data())
def test_any_cut_of_any_case_gives_the_same_events(data: st.DataObject) -> None:
    text, events = data.draw(st.sampled_from(list(CASES.values())))
    assert told(*data.draw(cuts(text))) == events


IMPLICIT: dict[str, tuple[str, list[Event]]] = {
    "the template opened the block": (
        "why</think>\n\nFour",
        [Thinking("why"), END, Response("\n\nFour")],
    ),
    "the model writes the tag nevertheless": (
        "\n<think>\nwhy</think>4",
        [Thinking("\n\nwhy"), END, Response("4")],
    ),
    "the block never closes": ("why", [Thinking("why"), END]),
    "a later block": (
        "a</think>b<think>c</think>d",
        [Thinking("a"), END, Response("b"), Thinking("c"), END, Response("d")],
    ),
    "the block was blank": ("\n</think>\n4", [Response("\n4")]),
}


@pytest.mark.parametrize("case", IMPLICIT)
@pytest.mark.parametrize("name", ["deepseek_r1", "qwen3_moe", "think"])
def test_a_block_that_the_template_opened_is_told_apart(case: str, name: str) -> None:
    text, events = IMPLICIT[case]
    starts = True if name == "think" else None
    assert told(text, reasoning_parser=name, starts_in_thinking=starts) == events
    assert told(*text, reasoning_parser=name, starts_in_thinking=starts) == events


def test_the_profile_overrides_the_start_of_the_family() -> None:
    assert told("a", reasoning_parser="qwen3_moe", starts_in_thinking=False) == [Response("a")]


def test_none_leaves_the_tags_in_the_text() -> None:
    text = "<think>why</think>4"
    for name in (None, "none"):
        assert told(text, reasoning_parser=name) == [Response(text)]
        assert told(text, reasoning_parser=name, starts_in_thinking=True) == [Response(text)]
