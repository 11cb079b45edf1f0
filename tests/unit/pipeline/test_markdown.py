"""Where Markdown code begins and ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts
from mlx_relay.pipeline.markdown import CodeTracker

INSIDE = [
    "the `",
    "the `a b",
    "the ``a ` b",
    "`a` and `b",
    "a span may\ngo on in `the\nnext line",
    "```\n",
    "```python\nx = 1\n",
    "a\n  ```\nx",
    "> ```\n> x",
    "~~~\nx",
    "~~~ a ` in the info is fine\nx",
    "````\n```\nx",
    "```\n``` not a closing line\nx",
    "```\n~~~\nx",
    "```\n\nblank lines stay inside\n\n",
    "```\na ``` b\nx",
    "```a`b",
    "an open `span, then\n```\na fence",
]
OUTSIDE = [
    "",
    "plain",
    "the `tag` is",
    "``a ` b`` is",
    "a stray ` character\n\nnext paragraph",
    "a stray ` character\n \t\nnext paragraph",
    "```\nx\n```\n",
    "```\nx\n`````  \nafter",
    "~~~\nx\n~~~\nafter",
    "```inline``` code",
    "``` `` ``` code",
    "an open `span, then\n```\na fence\n```\nand text",
    "~5 and ~~struck~~",
    "two `` ticks\n\nover",
    "````markdown\n```python\nx\n```\n````\n\nafter",
]


def tracked(pieces: list[str]) -> bool:
    tracker = CodeTracker()
    for piece in pieces:
        tracker.feed(piece)
    return tracker.is_inside()


@pytest.mark.parametrize("text", INSIDE)
def test_this_ends_inside_code(text: str) -> None:
    assert tracked([text])
    assert tracked(list(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_this_ends_outside_code(text: str) -> None:
    assert not tracked([text])
    assert not tracked(list(text))


@given(data=st.data())
def test_any_split_gives_the_same(data: st.DataObject) -> None:
    text = data.draw(st.text("`~\n >x", max_size=40))
    assert tracked(data.draw(cuts(text))) == tracked([text])


def test_asking_in_the_middle_of_a_run_does_not_change_a_later_answer() -> None:
    tracker = CodeTracker()
    tracker.feed("the `")
    assert tracker.is_inside()
    tracker.feed("tag` ")
    assert not tracker.is_inside()
