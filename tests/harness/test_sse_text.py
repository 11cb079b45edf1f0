import pytest

from fake_mlx.sse_text import messages, parsed, said


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_whole_messages_come_with_the_place_behind_them(end: bytes) -> None:
    body = b"data: one" + end + b"data:two" + end * 2 + b": comment" + end * 2 + b"data: cut"
    assert list(messages(body)) == [(17 + 3 * len(end), "one\ntwo")]


def test_what_is_no_object_is_empty() -> None:
    assert [parsed(data) for data in ("[DONE]", "[1]", '{"a":1}')] == [{}, {}, {"a": 1}]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('{"choices":[{"delta":{"content":"a"}}]}', "a"),
        ('{"choices":[{"delta":{"content":null,"reasoning":"b"}}]}', "b"),
        ('{"choices":[]}', ""),
        ('{"type":"response","content":"c"}', "c"),
        ('{"type":"error","content":"d"}', ""),
        ("[DONE]", ""),
    ],
)
def test_text_is_what_a_chunk_or_an_event_adds(data: str, text: str) -> None:
    assert said(data) == text
