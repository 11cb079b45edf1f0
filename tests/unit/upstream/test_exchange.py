import pytest

from mlx_relay.errors import StreamError
from mlx_relay.upstream.exchange import MAX_JSON_BYTES, JsonAsStream, Whole, check_head
from mlx_relay.upstream.response import Head


class Keeper:
    """A receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.body = b""
        self.ends: list[StreamError | None] = []

    def data(self, data: bytes, at: float) -> None:
        self.body += data

    def end(self, failure: StreamError | None) -> None:
        self.ends.append(failure)


def head(status: int = 200, **headers: str) -> Head:
    return Head(status, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("media_type", "is_stream"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json", False),
    ],
)
def test_the_media_type_tells_a_stream_from_one_answer(media_type: str, is_stream: bool) -> None:
    assert check_head(head(content_type=media_type)) is is_stream


@pytest.mark.parametrize(
    "answer",
    [
        head(500, content_type="text/event-stream"),
        head(content_type="text/html"),
        head(),
        head(content_type="text/event-stream", content_encoding="br"),
        head(content_type="text/event-stream", transfer_encoding="gzip, chunked"),
    ],
)
def test_any_other_head_is_refused(answer: Head) -> None:
    with pytest.raises(StreamError):
        check_head(answer)


def test_a_json_answer_in_pieces_is_one_message() -> None:
    keeper = Keeper()
    stream = JsonAsStream(keeper)
    stream.data(b'{"a":\r\n', 1.0)
    stream.data(b"1}", 2.0)
    assert keeper.body == b""
    stream.end(None)
    assert keeper.body == b'data: {"a":1}\n\ndata: [DONE]\n\n'
    assert keeper.ends == [None]


def test_a_body_over_the_limit_is_a_failure_and_is_not_kept() -> None:
    whole = Whole()
    whole.data(b"x" * MAX_JSON_BYTES, 1.0)
    assert [whole.failure] == [None]
    whole.data(b"x", 2.0)
    whole.end(None)
    assert [failure.code for failure in [whole.failure] if failure] == ["limit_exceeded"]
    assert len(whole.body) == MAX_JSON_BYTES
