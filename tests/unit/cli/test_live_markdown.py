"""Markdown that is still being written."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mlx_relay.cli.live_markdown import LiveMarkdown, split_blocks

ANSWER = """Hello.

1. one

2. two

```python
a = 1

b = 2
```

## End

> quote

done"""

WHOLE = ["Hello.\n\n", ANSWER[len("Hello.\n\n") : ANSWER.index("## End")], "## End\n\n> quote\n\n"]


def feed(pieces: list[str]) -> list[str]:
    """Return the blocks that come out whole, one by one, and the rest."""
    blocks, held = [], ""
    for piece in pieces:
        whole, held = split_blocks(held + piece)
        blocks += [whole] if whole else []
    return [*blocks, held]


def written(pieces: list[str], height: int = 50) -> str:
    """Return what is left on a screen once the answer is there."""
    out = io.StringIO()
    console = Console(file=out, width=40, height=height, force_terminal=False, _environ={})
    markdown = LiveMarkdown(console)
    for piece in pieces:
        markdown.feed(piece)
    markdown.close()
    return out.getvalue()


@given(st.text("a1-`~# \n*>|"))
def test_no_text_is_lost(text: str) -> None:
    assert "".join(split_blocks(text)) == text


def test_blocks_come_out_whole_however_slowly_they_are_written() -> None:
    blocks = feed(list(ANSWER))
    assert "".join(blocks) == ANSWER
    assert blocks[-1] == "done"
    for block in blocks:
        assert block.count("```") in (0, 2)


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "two\nlines",
        "a paragraph\n\n",
        "- a\n\n- b",
        "1. a\n\n   more of a",
        "```\na\n\nb",
        "~~~\n```\n\nb",
        "> a\n\n> b",
    ],
)
def test_what_may_still_change_is_held_back(text: str) -> None:
    assert split_blocks(text) == ("", text)


def test_a_fence_closes_only_with_its_own_kind() -> None:
    assert split_blocks("~~~\n```\n~~~\n\nb") == ("~~~\n```\n~~~\n\n", "b")


def test_the_result_is_that_of_the_whole_text_at_once() -> None:
    assert written(list(ANSWER)) == written([ANSWER])


def test_an_answer_longer_than_the_screen_is_there_in_full() -> None:
    lines = [f"line {number}  \n" for number in range(100)]
    shown = written(lines, height=10)
    assert [line.strip() for line in shown.splitlines()] == [line.strip() for line in lines]


def test_nothing_is_written_for_white_space() -> None:
    assert written(["\n", " \n"]).strip() == ""
