"""Which event a view shows how, and the figures under an answer."""

from mlx_relay.cli.chat_view import Chat, Figures
from mlx_relay.events import (
    AnyEvent,
    Done,
    Error,
    Response,
    Start,
    Status,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
)


class Recorder:
    """A view that remembers what it was told to show."""

    def __init__(self) -> None:
        self.shown: list[tuple[object, ...]] = []

    def status(self, text: str) -> None:
        self.shown.append(("status", text))

    def thinking(self, text: str) -> None:
        self.shown.append(("thinking", text))

    def thought(self, seconds: float) -> None:
        self.shown.append(("thought", seconds))

    def response(self, text: str) -> None:
        self.shown.append(("response", text))

    def tool_call(self, name: str, arguments: str) -> None:
        self.shown.append(("tool_call", name, arguments))

    def done(self, figures: str) -> None:
        self.shown.append(("done", figures))

    def error(self, sentence: str, detail: str) -> None:
        self.shown.append(("error", sentence, detail))

    def close(self) -> None:
        self.shown.append(("close",))


def show(*events: AnyEvent) -> tuple[list[tuple[object, ...]], bool]:
    recorder = Recorder()
    chat = Chat(recorder, started_at=0.0)
    for at, event in enumerate(events, 1):
        chat.show(event, float(at))
    return recorder.shown, chat.ended_well


def test_every_kind_of_event_reaches_the_view() -> None:
    shown, ended_well = show(
        Start("s", "p", "m"),
        Status("queued", 2),
        Status("waiting"),
        Thinking("hm"),
        ThinkingDone(3.2),
        Response("42"),
        ToolCall(0, "c", "f", "{}"),
        Usage(completion_tokens=10),
        Done("tool_calls"),
    )
    assert shown == [
        ("status", "queued (place 2 in the queue)"),
        ("status", "waiting"),
        ("thinking", "hm"),
        ("thought", 3.2),
        ("response", "42"),
        ("tool_call", "f", "{}"),
        ("done", "10 tokens · 2.0 tokens/s · first token after 4.00s"),
    ]
    assert ended_well


def test_an_error_is_shown_with_its_detail_or_its_code() -> None:
    assert show(Error("No.", "internal", True, "bug")) == ([("error", "No.", "bug")], False)
    assert show(Error("No.", "internal", True)) == ([("error", "No.", "internal")], False)


def test_figures_name_only_what_is_known() -> None:
    assert Figures(0.0).summary("stop", 1.0) == ""
    figures = Figures(0.0)
    figures.note(Response("a"), 0.5)
    assert figures.summary("stop", 0.5) == "first token after 0.50s"
    figures.note(Usage(completion_tokens=0), 0.6)
    assert figures.summary("stop", 0.7) == "0 tokens · first token after 0.50s"


def test_an_answer_that_was_cut_off_says_so() -> None:
    assert Figures(0.0).summary("length", 1.0) == "cut off at the token limit"
