import pytest

from fake_mlx.cassette import CassetteError, dumps, loads
from fake_mlx.import_common import cassette_of, json_body, numbered
from fake_mlx.importer import Asked


def test_each_message_is_a_chunk_and_the_bytes_are_kept() -> None:
    body = b"data: 1\r\n\r\n: c\n\ndata: \xff"
    cassette = cassette_of("x", "x", body, kind="a test")
    assert [chunk.data for chunk in cassette.chunks] == [
        b"data: 1\r\n\r\n",
        b": c\n\n",
        b"data: \xff",
    ]
    assert [chunk.t for chunk in cassette.chunks] == [0.02, 0.04, 0.06]
    assert loads(dumps(cassette), "x") == cassette


def test_what_belonged_to_the_wire_or_to_somebody_is_left_out() -> None:
    headers = [("Content-Length", "9"), ("Content-Encoding", "br"), ("Set-Cookie", "a"), ("A", "b")]
    asked = Asked("POST", "/v1/x", {"Authorization": "Bearer x"}, **json_body('{"a":1}'))
    cassette = cassette_of("x", "x", b"", asked=asked, headers=headers, kind="a test")
    assert cassette.header.response.headers == (("A", "b"),)
    assert cassette.header.request.headers == ()
    assert cassette.header.request.json == {"a": 1}


def test_a_status_that_is_none_is_an_error_of_the_file() -> None:
    cassette = cassette_of("x", "f", b"", status=(0, ""), kind="a test")
    with pytest.raises(CassetteError):
        loads(dumps(cassette), "f")


def test_only_several_exchanges_are_numbered() -> None:
    assert (numbered("a", 1, 1), numbered("a", 2, 3)) == ("a", "a_002")
