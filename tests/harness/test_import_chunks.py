import pytest

from fake_mlx.cassette import CassetteError
from fake_mlx.import_chunks import import_chunks


def test_lines_become_messages_and_done_is_added() -> None:
    [cassette] = import_chunks(b'{"a":1}\r\n\n{"a":2}', "x", "x.chunks.txt")
    assert cassette.body == b'data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\n'


def test_a_line_that_is_no_chunk_is_named() -> None:
    with pytest.raises(CassetteError, match=r"x:2: a line is one JSON chunk"):
        import_chunks(b'{"a":1}\nno\n', "x", "x")
