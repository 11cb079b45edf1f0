import json

import pytest

from fake_mlx.verdict_text import changed


def chunks(*deltas: object) -> bytes:
    """Return the stream of a server that says *deltas*; a text is content."""
    full = [{"content": delta} if isinstance(delta, str) else delta for delta in deltas]
    return b"".join(data({"choices": [{"delta": delta}]}) for delta in full)


def events(*events: tuple[str, str]) -> bytes:
    return b"".join(data({"type": kind, "content": text}) for kind, text in events)


def data(message: object) -> bytes:
    return f"data: {json.dumps(message)}\n\n".encode()


def differs(sent: bytes, came: bytes, *, early: bool = False, more: bool = False) -> bool:
    return bool(changed(sent, came, may_end_early=early, more_was_sent=more))


SENT = chunks({"reasoning": "why "}, {"reasoning_content": "not", "reasoning": "not"}, "an", "swer")
FIELDS = [("thinking", "why not"), ("response", "answer")]
TAGGED = chunks("<think>\nwhy", " not</think>\n\nanswer")


def test_the_same_words_in_other_pieces_and_another_form_are_the_same() -> None:
    assert not differs(SENT, events(*FIELDS))
    assert not differs(TAGGED, events(*FIELDS))
    assert not differs(TAGGED, events(("response", "<think>\nwhy not</think>\n\nanswer")))


@pytest.mark.parametrize(
    "came",
    [
        [("thinking", "why not"), ("response", "answe")],
        [("thinking", "why not"), ("response", "answer!")],
        [("thinking", "why not"), ("response", "swer"), ("response", "an")],
        [("thinking", "why"), ("response", "notanswer")],
        [("response", "why notanswer")],
        [],
    ],
)
def test_words_that_are_lost_added_moved_or_of_another_kind_are_seen(
    came: list[tuple[str, str]],
) -> None:
    assert differs(SENT, events(*came))


def test_what_ends_early_is_a_beginning() -> None:
    assert not differs(SENT, events(("thinking", "why")), early=True)
    assert differs(SENT, events(("thinking", "who")), early=True)
    assert differs(SENT, events(*FIELDS, ("response", "!")), early=True)


def test_what_goes_beyond_what_is_known_is_not_judged() -> None:
    assert not differs(SENT, events(*FIELDS, ("response", "!")), more=True)
    assert differs(SENT, events(("thinking", "why")), more=True)


def test_a_last_message_without_its_blank_line_may_count_or_not() -> None:
    sent = chunks("a") + chunks("b").rstrip()
    assert not differs(sent, events(("response", "a")))
    assert not differs(sent, events(("response", "ab")))
    assert differs(sent, events(("response", "abc")))


@pytest.mark.parametrize(("arguments", "fine"), [('{"a":1}', True), ('{"a":2}', False)])
def test_calls_are_compared_by_name_and_arguments(arguments: str, fine: bool) -> None:
    first = {"index": 0, "function": {"name": "f", "arguments": '{"a":'}}
    rest = {"index": 0, "function": {"arguments": "1}"}}
    empty = {"index": 1, "function": {"name": "g", "arguments": ""}}
    sent = chunks(*({"tool_calls": [call]} for call in (first, rest, empty)))
    came = data({"type": "tool_call", "name": "f", "arguments": arguments})
    came += data({"type": "tool_call", "name": "g", "arguments": "{}"})
    assert differs(sent, came) != fine


def test_a_whole_json_answer_and_a_byte_order_mark_are_read() -> None:
    whole = json.dumps({"choices": [{"message": {"content": "answer"}}]}).encode()
    assert not differs(whole, events(("response", "answer")))
    assert not differs(b"\xef\xbb\xbf" + SENT, events(*FIELDS))


def test_the_place_where_it_differs_is_named() -> None:
    came = events(("thinking", "why not"), ("response", "anther"))
    problem = changed(SENT, came, may_end_early=False, more_was_sent=False)
    assert problem == "the answer differs at character 2: 'swer' was sent, 'ther' came"
