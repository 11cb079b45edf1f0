"""The laws that hold for every format, over dialogues made of its own markers and calls."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laws import EXAMPLES_PER_FORMAT, cuts, merged, run
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.deltas import (
    Delta,
    FinishDelta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from mlx_relay.pipeline.families import FAMILIES, find_families
from mlx_relay.pipeline.markers import WHITE_SPACE, Capture, Family
from mlx_relay.pipeline.reasoning import MarkedReasoning
from mlx_relay.pipeline.scanner import Scanner
from mlx_relay.pipeline.trace import Step
from mlx_relay.pipeline.voice import MAX_SPACE
from unit.pipeline.families.samples import SAMPLES, TOOLS, parsed

FORMATS = sorted(FAMILIES)
PAIRS = [
    *((name, name) for name in FORMATS),
    *((name, None) for name in FORMATS),
    *((None, name) for name in FORMATS if name in SAMPLES),
    ("auto", "hermes"),
    ("qwen3", "qwen3_coder"),
    ("deepseek_r1", "qwen3_coder"),
    ("mistral", "hermes"),
    ("harmony", "hermes"),
    ("qwen3", "harmony"),
    ("kimi_k2", "pythonic"),
]
PLAIN = [
    "a",
    "Hm: ",
    " ",
    "\n",
    "\n\n",
    "`",
    "```\n",
    "<",
    ">",
    '"',
    "{",
    "}",
    "[f(",
    "é",
    "x" * 30,
]
LAW = settings(
    max_examples=EXAMPLES_PER_FORMAT,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def markers_of(family: Family) -> set[str]:
    """Return every marker that may mean something, wherever it does."""
    tuples = (family.text, family.thinking, family.field, family.calls, family.section)
    markers = {marker for group in tuples for marker in group}
    texts = {marker.text for marker in markers}
    for marker in markers:
        if isinstance(marker.to, Capture):
            texts |= {*marker.to.closing, *marker.to.stops}
        if marker.becomes:
            texts |= markers_of(marker.becomes)
    return texts


def dialogues(reasoning: str | None, calls: str | None) -> st.SearchStrategy[str]:
    """Draw texts of markers, pieces of them, calls, broken calls and prose."""
    names = [name for name in (reasoning, calls) if name]
    markers = sorted({text for name in names for text in markers_of(FAMILIES[name])})
    samples = [text for name in names for text, _ in SAMPLES.get(name, [])]
    pieces = [
        st.sampled_from(PLAIN),
        *([st.sampled_from(markers)] * 2 if markers else []),
        *([st.sampled_from(samples)] if samples else []),
        *([st.sampled_from(samples).flatmap(broken)] if samples else []),
    ]
    return st.lists(st.one_of(pieces), min_size=1, max_size=12).map("".join)


def broken(sample: str) -> st.SearchStrategy[str]:
    """Draw a beginning of *sample*, or it without a piece of its middle."""
    places = st.tuples(st.integers(0, len(sample)), st.integers(0, len(sample)))
    return places.map(lambda ends: sample[: min(ends)] + sample[max(ends) :])


def told(
    family: Family, pieces: list[str], *, starts: bool | None, steps: list[Step] | None = None
) -> list[Delta]:
    trace = None if steps is None else steps.append
    stage = MarkedReasoning(family, starts_in_thinking=starts, tools=Tools(TOOLS), trace=trace)
    texts: list[Delta] = [TextDelta(piece) for piece in pieces if piece]
    return merged(run(stage, [*texts, FinishDelta("stop")]))


@pytest.mark.parametrize(("reasoning", "calls"), PAIRS)
@given(data=st.data(), starts=st.sampled_from([None, True, False]))
@LAW
def test_a_format_keeps_all_laws(
    reasoning: str | None, calls: str | None, data: st.DataObject, starts: bool | None
) -> None:
    family = find_families(reasoning, calls, starts_in_thinking=starts)
    text = data.draw(dialogues(reasoning, calls))
    steps: list[Step] = []
    whole = told(family, [text], starts=starts, steps=steps)
    assert told(family, data.draw(cuts(text)), starts=starts) == whole
    assert_nothing_is_lost(text, whole, steps)
    assert all(isinstance(arguments, dict) for _, arguments in parsed(calls_of(whole)))
    assert_nothing_waits_longer_than_a_marker(text, family)


def assert_nothing_is_lost(text: str, deltas: list[Delta], steps: list[Step]) -> None:
    """What comes out is what went in, in order, but for markers, calls and white space."""
    texts = (d.text for d in deltas if isinstance(d, TextDelta | ReasoningDelta))
    out = visible("".join(texts))
    dropped = visible("".join(step.text for step in steps if step.is_dropped))
    assert Counter(visible(text)) == Counter(out) + Counter(dropped)
    rest = iter(visible(text))
    assert all(character in rest for character in out)


def assert_nothing_waits_longer_than_a_marker(text: str, family: Family) -> None:
    longest = max(map(len, markers_of(family)), default=1)
    scanner = Scanner(family, "thinking" if family.starts_in_thinking else "text")
    for character in text:
        scanner.feed(character)
        assert len(scanner._held) < longest
        assert len(scanner._voice._space) <= MAX_SPACE


def visible(text: str) -> str:
    return text.translate({ord(character): None for character in WHITE_SPACE})


def calls_of(deltas: list[Delta]) -> list[tuple[str, str]]:
    return [(d.name, d.arguments) for d in deltas if isinstance(d, ToolCallDelta)]


def test_every_family_with_calls_has_samples() -> None:
    assert SAMPLES.keys() == {name for name, family in FAMILIES.items() if family.calls}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_call_becomes_an_event_and_the_text_around_it_stays_in_order(name: str) -> None:
    for text, calls in SAMPLES[name]:
        family = find_families(None, name, starts_in_thinking=None)
        deltas = told(family, [*f"Hm: {text}" * 2, " ok"], starts=None)
        assert parsed(calls_of(deltas)) == calls * 2, text
        assert deltas[0] == TextDelta("Hm: ")
        assert deltas[-2] == TextDelta(" ok")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_call_that_is_cut_off_comes_back_as_text(name: str) -> None:
    for text, _ in SAMPLES[name]:
        family = find_families(None, name, starts_in_thinking=None)
        stage = MarkedReasoning(family, tools=Tools(TOOLS))
        cut = text[: len(text) * 2 // 3]
        if not calls_of(deltas := merged(run(stage, [TextDelta(f"Hm: {cut}")]))):
            assert_nothing_is_lost_but_markers(f"Hm: {cut}", deltas, family)


def assert_nothing_is_lost_but_markers(text: str, deltas: list[Delta], family: Family) -> None:
    out = "".join(d.text for d in deltas if isinstance(d, TextDelta))
    for marker in sorted(family.text + family.section, key=lambda m: -len(m.text)):
        if not isinstance(marker.to, Capture):
            text = text.replace(marker.text, "")
    assert visible(out) == visible(text)
