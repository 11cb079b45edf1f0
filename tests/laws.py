"""What the laws of every stage are stated with.

``run`` feeds a stage one by one and closes it, ``cuts`` draws ways to cut a whole into pieces,
``merged`` joins neighbours of one kind. ``play`` is ``run`` for a Pipeline, with the clock stopped.
HYPOTHESIS_PROFILE=nightly asks for many examples.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from mlx_relay.events import Done, Error, Event, Response, Thinking
from mlx_relay.pipeline import Pipeline
from mlx_relay.pipeline.deltas import ReasoningDelta, TextDelta

Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)
Whole = TypeVar("Whole", str, bytes)
Kind = TypeVar("Kind", bound=object)

settings.register_profile("nightly", max_examples=500, deadline=None)
IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
if IS_NIGHTLY:
    settings.load_profile("nightly")

EXAMPLES_PER_FORMAT = 500 if IS_NIGHTLY else 10
"""There are many formats, and all laws hold for each."""

_TEXT_FIELDS: dict[type, str] = {
    TextDelta: "text",
    ReasoningDelta: "text",
    Thinking: "content",
    Response: "content",
}


class Stage(Protocol[Item_contra, Result_co]):
    """A pure step of the pipeline."""

    def feed(self, item: Item_contra, /) -> Sequence[Result_co]: ...

    def close(self) -> Sequence[Result_co]: ...


def run(stage: Stage[Item_contra, Result_co], items: Iterable[Item_contra]) -> list[Result_co]:
    """Return all that *stage* makes of *items*."""
    results = [result for item in items for result in stage.feed(item)]
    return [*results, *stage.close()]


def play(pieces: Iterable[bytes], **options: Any) -> list[Event]:
    """Return the events of a Pipeline with *options* that is fed *pieces*, all at one moment."""
    pipeline = Pipeline(**options)
    events = [event for piece in pieces for event in pipeline.feed(piece, 0.0)]
    return [*events, *pipeline.close(0.0)]


def cut(whole: Whole, places: Iterable[int]) -> list[Whole]:
    """Return *whole* cut at *places*; a place named twice gives an empty piece."""
    edges = [0, *sorted(places), len(whole)]
    return [whole[start:end] for start, end in pairwise(edges)]


def cuts(whole: Whole) -> st.SearchStrategy[list[Whole]]:
    """Draw ways to cut *whole*: at a few places, at many, or everywhere."""
    places = st.integers(0, len(whole))
    return st.one_of(
        st.just(range(len(whole))),
        st.lists(places, max_size=4),
        st.lists(places, max_size=len(whole) + 1),
    ).map(lambda chosen: cut(whole, chosen))


def merged(items: Iterable[Kind]) -> list[Kind]:
    """Join neighbours that are text of one kind."""
    joined: list[Kind] = []
    for item in items:
        name = _TEXT_FIELDS.get(type(item), "")
        if name and joined and type(joined[-1]) is type(item):
            text = getattr(joined[-1], name) + getattr(item, name)
            joined[-1] = type(item)(**{name: text})
        else:
            joined.append(item)
    return joined


def assert_one_terminal_event(events: Sequence[Event]) -> None:
    """The second law: exactly one ``done`` or ``error``, and it is the last event."""
    terminal = [event for event in events if isinstance(event, Done | Error)]
    assert terminal == [events[-1]]


def assert_no_empty_content(events: Iterable[Event]) -> None:
    """The third law of the wire contract."""
    for event in events:
        if isinstance(event, Thinking | Response | Error):
            assert event.content
