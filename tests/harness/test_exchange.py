import hashlib

import msgspec
import pytest

from fake_mlx.exchange import Header, stamp
from handmade import handmade


def test_a_stamp_describes_the_body() -> None:
    cassette = handmade(b'data: {"a":1}\n\n', b"rest")
    body = b'data: {"a":1}\n\nrest'
    assert cassette.body == body
    assert cassette.header.bytes == len(body)
    assert cassette.header.sha256 == hashlib.sha256(body).hexdigest()
    assert cassette.header.style.separators == (",", ":")
    assert stamp(cassette) == cassette


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bytes", -1),
        ("sha256", "abc"),
        ("recorded_at", "2026-11-21T00:00:00"),
        ("source", {}),
        ("surprise", 1),
    ],
)
def test_a_header_with_a_wrong_field_is_refused_by_name(field: str, value: object) -> None:
    header = msgspec.to_builtins(handmade(b"x").header) | {field: value}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(header, Header)


@pytest.mark.parametrize("header", [["a b", "c"], ["a", "b\r\nc: d"], ["a", "b\n"], ["", "a"]])
def test_a_response_header_that_could_split_the_head_is_refused(header: list[str]) -> None:
    cassette = msgspec.to_builtins(handmade(b"x").header)
    cassette["response"]["headers"] = [header]
    with pytest.raises(msgspec.ValidationError, match="headers"):
        msgspec.convert(cassette, Header)
