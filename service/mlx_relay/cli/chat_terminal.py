"""A chat on a terminal: thinking dimmed and live, the answer as Markdown, calls in a panel."""

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from mlx_relay.cli.live_markdown import LiveMarkdown
from mlx_relay.cli.printable import one_line, printable


class TerminalView:
    """*console* shows the chat; *errors* is where a failure is told."""

    def __init__(self, console: Console, errors: Console) -> None:
        self._console = console
        self._errors = errors
        self._answer: LiveMarkdown | None = None
        self._is_line_open = False
        self._held = ""

    def status(self, text: str) -> None:
        self.close()
        self._console.print(Text(one_line(text), "dim"))

    def thinking(self, text: str) -> None:
        """Show *text*; line ends are held back, because none may follow the last line."""
        self._end_answer()
        fresh = self._held + printable(text)
        shown = fresh.rstrip("\n") if self._is_line_open else fresh.strip("\n")
        self._held = fresh[len(fresh.rstrip("\n")) :]
        if shown:
            self._console.print(Text(shown, "dim"), end="", soft_wrap=True)
            self._is_line_open = True

    def thought(self, seconds: float) -> None:
        self.close()
        self._console.print(Text(f"Thought for {seconds:.1f}s", "dim italic"))
        self._console.print()

    def response(self, text: str) -> None:
        self._end_line()
        if self._answer is None:
            if not text.strip():
                return
            self._answer = LiveMarkdown(self._console)
        self._answer.feed(printable(text))

    def tool_call(self, name: str, arguments: str) -> None:
        self.close()
        title = Text(f"tool call: {one_line(name)}")
        body = Text(printable(_indented(arguments)))
        self._console.print(Panel(body, title=title, title_align="left", expand=False))

    def done(self, figures: str) -> None:
        self.close()
        self._console.print()
        self._console.print(Text(figures, "dim"))

    def error(self, sentence: str, detail: str) -> None:
        self.close()
        sentence_and_detail = ((one_line(sentence), "bold red"), (f" ({one_line(detail)})", "dim"))
        self._errors.print(Text.assemble(*sentence_and_detail))

    def close(self) -> None:
        self._end_answer()
        self._end_line()

    def _end_answer(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._answer = None

    def _end_line(self) -> None:
        if self._is_line_open:
            self._console.print()
        self._is_line_open = False
        self._held = ""


def _indented(arguments: str) -> str:
    """Return JSON text with line breaks; anything else as it is."""
    try:
        return msgspec.json.format(arguments, indent=2)
    except msgspec.DecodeError:
        return arguments
