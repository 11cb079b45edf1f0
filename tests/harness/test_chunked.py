import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_mlx.chunked import TERMINATOR, BadChunk, ChunkedReader, frame


@given(chunks=st.lists(st.binary(min_size=1)), cuts=st.lists(st.integers(0, 200)), rest=st.binary())
def test_any_split_gives_the_same_chunks(chunks: list[bytes], cuts: list[int], rest: bytes) -> None:
    wire = b"".join(map(frame, chunks)) + TERMINATOR + rest
    reader = ChunkedReader(limit=1 << 20)
    read = []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), len(wire)], strict=True):
        read += reader.feed(wire[start:stop])
    assert read == chunks
    assert reader.finished
    assert reader.leftover() == rest


def test_extensions_and_trailers_are_passed_over() -> None:
    reader = ChunkedReader(limit=10)
    assert reader.feed(b"2;name=value\r\nhi\r\n0\r\nTrailer: x\r\n\r\nnext") == [b"hi"]
    assert reader.leftover() == b"next"


def test_an_unfinished_body_leaves_the_part_of_its_last_chunk() -> None:
    reader = ChunkedReader(limit=10)
    assert reader.feed(b"2\r\nhi\r\n5\r\nth") == [b"hi"]
    assert not reader.finished
    assert reader.leftover() == b"th"


@pytest.mark.parametrize(
    "wire",
    [b"g\r\n", b"-1\r\n", b"\r\n", b"1\r\nhi\r\n", b"b\r\n", b"1" * 9000, b"f" * 16 + b"\r\n"],
)
def test_bad_framing_is_refused(wire: bytes) -> None:
    with pytest.raises(BadChunk):
        ChunkedReader(limit=10).feed(wire)
