import pytest

from fake_mlx.import_chunks import import_chunks
from fake_mlx.import_formats import FORMATS, format_of


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_name_tells_the_format(suffix: str) -> None:
    assert format_of(f"hello.1{suffix}") == ("hello.1", FORMATS[suffix])


def test_a_name_of_two_dots_is_known_and_any_other_is_a_recording() -> None:
    assert format_of("a.chunks.txt") == ("a", import_chunks)
    assert format_of("a.txt") == ("a.txt", FORMATS[".jsonl"])
