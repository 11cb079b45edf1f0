"""Answer text in; whether the place reached so far lies inside Markdown code.

CommonMark, cut down to what needs no look-ahead:

- A line that begins with three or more backticks or tildes (after white space or ``>``) opens a
  fenced block. A line of the same character, at least as many of them and nothing else, closes it.
- Any other run of backticks opens a code span, and a run of the same length closes it. A blank
  line ends a span that never closes, so that one stray backtick cannot hide more than a paragraph.
- A fence whose first line holds another backtick was a code span.
- Backslashes before backticks and code by indentation are not looked at.
"""

import re

_TOKEN = re.compile(r"`+|~+|\n")
_LINE_PREFIX = " \t>"


class CodeTracker:
    """Follow fences and code spans through a text that arrives in pieces."""

    def __init__(self) -> None:
        self._line_is_blank = True
        self._run_character = ""
        self._run_length = 0
        self._run_leads = False
        self._span_length = 0
        self._fence_character = ""
        self._fence_length = 0
        self._is_opening_line = False
        self._is_closing_line = False
        self._needs_walk = False

    def feed(self, text: str) -> None:
        if self._needs_walk or "`" in text or "~" in text:
            self._walk(text)
            return
        newline = text.rfind("\n")
        if newline >= 0:
            self._line_is_blank = True
        if self._line_is_blank and text[newline + 1 :].strip(_LINE_PREFIX):
            self._line_is_blank = False

    @property
    def is_steady(self) -> bool:
        """Text without backtick, tilde and line end would change nothing."""
        return not (self._needs_walk or self._line_is_blank)

    def is_inside(self) -> bool:
        """Return whether text that comes now, and is not a backtick or tilde, is code."""
        self._settle_run()
        return bool(self._fence_character or self._span_length)

    def _walk(self, text: str) -> None:
        position = 0
        for token in _TOKEN.finditer(text):
            self._pass_over(text[position : token.start()])
            if token.group() == "\n":
                self._end_line()
            else:
                self._extend_run(token.group())
            position = token.end()
        self._pass_over(text[position:])
        is_on_fence_line = self._is_opening_line or self._is_closing_line
        self._needs_walk = bool(self._run_length or self._span_length or is_on_fence_line)

    def _pass_over(self, text: str) -> None:
        if text:
            self._settle_run()
            if text.strip(_LINE_PREFIX):
                self._line_is_blank = False
                self._is_closing_line = False

    def _extend_run(self, run: str) -> None:
        """A run may come in pieces: it is judged when something else follows."""
        if self._run_length and self._run_character == run[0]:
            self._run_length += len(run)
            return
        self._settle_run()
        self._run_character = run[0]
        self._run_length = len(run)
        self._run_leads = self._line_is_blank
        self._line_is_blank = False
        self._is_closing_line = False

    def _settle_run(self) -> None:
        length, self._run_length = self._run_length, 0
        if not length:
            return
        is_backtick = self._run_character == "`"
        if self._fence_character:
            self._settle_in_fence(length)
        elif self._run_leads and length >= 3:
            self._fence_character = self._run_character
            self._fence_length = length
            self._span_length = 0
            self._is_opening_line = True
        elif is_backtick:
            self._toggle_span(length)

    def _settle_in_fence(self, length: int) -> None:
        if self._run_character != self._fence_character:
            return
        if self._is_opening_line:
            if self._fence_character == "`":
                self._fence_character = ""
                self._is_opening_line = False
                self._span_length = self._fence_length
                self._toggle_span(length)
        elif self._run_leads and length >= self._fence_length:
            self._is_closing_line = True

    def _toggle_span(self, length: int) -> None:
        if not self._span_length:
            self._span_length = length
        elif self._span_length == length:
            self._span_length = 0

    def _end_line(self) -> None:
        self._settle_run()
        if self._is_closing_line:
            self._fence_character = ""
        elif self._line_is_blank:
            self._span_length = 0
        self._is_opening_line = False
        self._is_closing_line = False
        self._line_is_blank = True
