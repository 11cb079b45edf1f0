"""What the log keeps of what was said."""

from mlx_relay.events import Done, Response, Start, Thinking, ThinkingDone, ToolCall
from mlx_relay.sinks.records import Texts
from mlx_relay.sinks.said import Said

CALL = ToolCall(0, "i", "f", '{"a":1}')


def test_texts_are_joined_by_kind_and_calls_are_whole() -> None:
    said = Said()
    said.keep([Start("s1", "p", "m"), Thinking("a"), Thinking("b"), ThinkingDone(0.1)])
    said.keep([Response("c"), CALL, Response("d"), Done("stop")])
    assert said.texts() == Texts(thinking="ab", response="cd", tool_calls=[CALL])


def test_from_the_first_piece_that_finds_no_room_nothing_is_kept() -> None:
    said = Said(max_characters=3)
    said.keep([Response("ab"), Response("cd"), Response("e"), CALL])
    assert said.texts() == Texts(response="ab", is_cut=True)


def test_what_fits_exactly_is_whole() -> None:
    said = Said(max_characters=2)
    said.keep([Thinking("ab")])
    assert said.texts() == Texts(thinking="ab")
