"""A chat on a terminal, as the bytes that a terminal gets and as the text that is left."""

import io
import re

import pytest
from rich.console import Console

from mlx_relay.cli.chat_terminal import TerminalView

STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """A view on a terminal of 60 by 20, and what it was sent."""

    def __init__(self) -> None:
        self.chat, self.errors = io.StringIO(), io.StringIO()
        self.view = TerminalView(_terminal(self.chat), _terminal(self.errors))

    @property
    def text(self) -> str:
        """What was sent, without styles."""
        return STYLE.sub("", self.chat.getvalue())


def _terminal(file: io.StringIO) -> Console:
    return Console(
        file=file, force_terminal=True, width=60, height=20, color_system="standard", _environ={}
    )


def test_thinking_is_dimmed_and_live_and_ends_with_its_time() -> None:
    screen = Screen()
    screen.view.thinking("\nThe user")
    assert "\x1b[2mThe user\x1b[0m" in screen.chat.getvalue()
    screen.view.thinking(" asks.\n\n")
    screen.view.thought(3.2)
    assert screen.text == "The user asks.\nThought for 3.2s\n\n"


def test_line_ends_inside_the_reasoning_stay() -> None:
    screen = Screen()
    screen.view.thinking("a\n")
    screen.view.thinking("\nb")
    screen.view.thought(1.0)
    assert screen.text.startswith("a\n\nb\nThought")


def test_the_answer_is_markdown() -> None:
    screen = Screen()
    screen.view.response("**bo")
    screen.view.response("ld** and `code`")
    screen.view.done("2 tokens")
    assert "\x1b[1mbold\x1b[0m and " in screen.chat.getvalue()
    assert screen.text.endswith("\n2 tokens\n")


def test_a_call_is_a_panel_with_its_arguments() -> None:
    screen = Screen()
    screen.view.response("\n\n")
    screen.view.tool_call("get_weather", '{"city": "Paris"}')
    assert "tool call: get_weather" in screen.text
    assert '  "city": "Paris"' in screen.text


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    screen = Screen()
    screen.view.tool_call("f", "{oops")
    assert "{oops" in screen.text


def test_an_error_is_red_and_goes_to_stderr() -> None:
    screen = Screen()
    screen.view.thinking("hm")
    screen.view.error("No.", "why")
    assert screen.errors.getvalue() == "\x1b[1;31mNo.\x1b[0m\x1b[2m (why)\x1b[0m\n"
    assert screen.text == "hm\n"


def test_a_status_is_one_dim_line() -> None:
    screen = Screen()
    screen.view.status("waiting")
    assert screen.chat.getvalue() == "\x1b[2mwaiting\x1b[0m\n"


def test_closing_in_the_middle_gives_the_cursor_back() -> None:
    screen = Screen()
    screen.view.response("half an ans")
    screen.view.close()
    screen.view.close()
    sent = screen.chat.getvalue()
    assert sent.rindex("\x1b[?25h") > sent.rindex("\x1b[?25l")
    assert "half an ans" in sent


@pytest.mark.parametrize("evil", ["\x1b]52;c;eA==\x07", "\x9b2J", "\x1b[2J", "\x1bc", "\x08"])
def test_no_sequence_of_the_models_gets_through(evil: str) -> None:
    screen = Screen()
    view = screen.view
    view.status(f"s{evil}")
    view.thinking(f"t{evil}")
    view.response(f"r{evil}\n\n```\n{evil}\n```\n\n[a]({evil})")
    view.tool_call(f"n{evil}", f'{{"a": "{evil}"}}')
    view.tool_call("n", f"{{{evil}")
    view.error(f"e{evil}", f"d{evil}")
    assert evil not in screen.chat.getvalue() + screen.errors.getvalue()


def test_markup_of_rich_is_only_text() -> None:
    screen = Screen()
    screen.view.thinking("[red]a[/red]")
    screen.view.tool_call("[b]n[/b]", "[link=x]y[/link]")
    screen.view.response("[red]c[/red]")
    screen.view.done("")
    for text in ("[red]a[/red]", "[b]n[/b]", "[link=x]y[/link]", "[red]c[/red]"):
        assert text in screen.text
