"""A chat as plain text: the answer on one stream, all that is about it on the other."""

from typing import TextIO

from mlx_relay.cli.printable import one_line, printable


class PlainView:
    """For pipes and files: *answer* gets the answer and nothing else."""

    def __init__(self, answer: TextIO, notes: TextIO) -> None:
        self._answer = answer
        self._notes = notes
        self._is_line_open = False

    def status(self, text: str) -> None:
        self._note(text)

    def thinking(self, text: str) -> None:
        _write(self._notes, printable(text))

    def thought(self, seconds: float) -> None:
        _write(self._notes, f"\nThought for {seconds:.1f}s\n")

    def response(self, text: str) -> None:
        shown = printable(text)
        _write(self._answer, shown)
        self._is_line_open = not shown.endswith("\n") if shown else self._is_line_open

    def tool_call(self, name: str, arguments: str) -> None:
        self._note(f"{name}({arguments})")

    def done(self, figures: str) -> None:
        self.close()
        self._note(figures)

    def error(self, sentence: str, detail: str) -> None:
        self.close()
        self._note(f"{sentence} ({detail})")

    def close(self) -> None:
        if self._is_line_open:
            _write(self._answer, "\n")
        self._is_line_open = False

    def _note(self, text: str) -> None:
        _write(self._notes, f"{one_line(text)}\n")


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
