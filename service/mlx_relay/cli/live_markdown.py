"""Pieces of text in; Markdown on a terminal, whole blocks for good and the last one live."""

from typing import Final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment

REFRESHES_PER_SECOND: Final = 10
_CONTINUES: Final = " \t-*+>|0123456789"
"""How a line may begin that belongs to what stands above a blank line."""
_FENCES: Final = ("```", "~~~")


class LiveMarkdown:
    """Shows Markdown that is still being written.

    A block that is whole is printed once and scrolls away as any text; only what may still change
    is drawn again, so that a long answer costs no more than its length.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""
        self._has_printed = False
        self._live = Live(
            get_renderable=lambda: _Tail(_markdown(self._text)),
            console=console,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def feed(self, text: str) -> None:
        whole, rest = split_blocks(self._text + text)
        self._text = rest
        if whole.strip():
            self._live.refresh()
            self._print(whole)

    def close(self) -> None:
        rest, self._text = self._text, ""
        self._live.stop()
        if rest.strip():
            self._print(rest)

    def _print(self, text: str) -> None:
        if self._has_printed:
            self._console.print()
        self._has_printed = True
        self._console.print(_markdown(text))


def split_blocks(text: str) -> tuple[str, str]:
    """Return the blocks of *text* that later text cannot change, and the rest."""
    cut, position, fence, after_blank = 0, 0, "", False
    for line in text.split("\n"):
        if not fence and after_blank and line.strip() and line[0] not in _CONTINUES:
            cut = position
        fence = _fence_after(line, fence)
        after_blank = not line.strip()
        position += len(line) + 1
    return text[:cut], text[cut:]


def _fence_after(line: str, fence: str) -> str:
    """Return the fence that is open after *line*, *fence* being the one before; "" for none."""
    begin = line.lstrip()[:3]
    if begin not in _FENCES:
        return fence
    if not fence:
        return begin
    return "" if begin == fence else fence


def _markdown(text: str) -> Markdown:
    """Links stay plain: an address that is shown is one that can be judged."""
    return Markdown(text, hyperlinks=False)


class _Tail:
    """The last lines of something, as many as the terminal can draw again."""

    def __init__(self, content: Markdown) -> None:
        self._content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._content, options.update(height=None), pad=False)
        for line in lines[-max(1, console.height - 2) :]:
            yield from line
            yield Segment.line()
