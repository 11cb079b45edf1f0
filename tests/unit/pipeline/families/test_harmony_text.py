"""gpt-oss without its markers."""

import pytest

from mlx_relay.events import Response, Thinking
from unit.pipeline.families.dialogue import END, assert_told


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("analysis", "assistantfinal"), ("Analysis", "AssistantFinal")],
)
def test_glued_words_part_thinking_and_answer(opening: str, closing: str) -> None:
    assert_told(
        f"{opening}The user asks{closing}Four: analysis",
        [Thinking("The user asks"), END, Response("Four: analysis")],
        reasoning_parser="harmony_text",
    )


def test_the_word_counts_at_the_very_beginning_only() -> None:
    text = "An analysis, no assistantfinal"
    assert_told(text, [Response(text)], reasoning_parser="harmony_text")
