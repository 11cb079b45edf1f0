"""A chat in a pipe: the answer and nothing else on stdout."""

import io

from mlx_relay.cli.chat_plain import PlainView


class Streams:
    """A view and what it wrote."""

    def __init__(self) -> None:
        self.answer = io.StringIO()
        self.notes = io.StringIO()
        self.view = PlainView(self.answer, self.notes)


def test_the_answer_alone_goes_to_stdout() -> None:
    streams = Streams()
    view = streams.view
    view.status("queued")
    view.thinking("hm")
    view.thought(3.2)
    view.response("4")
    view.response("2")
    view.tool_call("f", '{"a": 1}')
    view.done("2 tokens")
    view.close()
    assert streams.answer.getvalue() == "42\n"
    assert streams.notes.getvalue() == 'queued\nhm\nThought for 3.2s\nf({"a": 1})\n2 tokens\n'


def test_an_answer_that_ends_its_line_gets_no_second_end() -> None:
    streams = Streams()
    streams.view.response("42\n")
    streams.view.close()
    assert streams.answer.getvalue() == "42\n"


def test_an_answer_that_breaks_off_still_ends_its_line() -> None:
    streams = Streams()
    streams.view.response("4")
    streams.view.error("No.", "why")
    assert streams.answer.getvalue() == "4\n"
    assert streams.notes.getvalue() == "No. (why)\n"


def test_no_escape_sequence_gets_through() -> None:
    streams = Streams()
    view = streams.view
    evil = "\x1b]0;x\x07\x9b"
    view.status(evil)
    view.thinking(evil)
    view.response(evil)
    view.tool_call(evil, evil)
    view.error(evil, evil)
    written = streams.answer.getvalue() + streams.notes.getvalue()
    assert not set("\x1b\x07\x9b") & set(written)
    assert "]0;x" in streams.answer.getvalue()
