"""What is told of the rules."""

from mlx_relay.pipeline import Pipeline
from mlx_relay.pipeline.trace import Step
from unit.pipeline.frames import ENDING, content, reasoning


def steps_of(*texts: bytes, **options: object) -> list[Step]:
    steps: list[Step] = []
    pipeline = Pipeline(reasoning_parser="think", trace=steps.append, **options)  # type: ignore[arg-type]  # a test's shorthand
    pipeline.feed(b"".join(texts) + ENDING, 0.0)
    return steps


def test_a_marker_is_told_with_the_state_it_stood_in() -> None:
    assert steps_of(content("<think>a</think>")) == [
        Step("think", "text", "<think>", "leads to thinking", True),
        Step("think", "thinking", "</think>", "leads to text", True),
    ]


def test_a_field_and_an_implicit_start_are_told() -> None:
    (field,) = steps_of(reasoning("a", "b"))
    assert (field.state, field.rule) == ("field", "the upstream's own field is thinking")
    (start,) = steps_of(content("a"), starts_in_thinking=True)
    assert (start.state, start.rule) == ("thinking", "the text starts in thinking")


def test_what_became_of_a_call_is_told() -> None:
    calls = content('<tool_call>{"name": "f"}</tool_call>', "<tool_call>{</tool_call>")
    rules = [step.rule for step in steps_of(calls, tool_parser="hermes")]
    assert rules == ["is a call", "is text: no call can be read in it"]
