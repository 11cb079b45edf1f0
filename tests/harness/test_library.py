import re
from pathlib import Path

import pytest

from fake_mlx.cassette import dumps
from fake_mlx.library import (
    SHIPPED,
    LibraryError,
    cassette_files,
    find,
    load,
    load_library,
    name_of,
    save,
)
from handmade import handmade

TESTED = Path(__file__).parents[1] / "cassettes"
FORBIDDEN = re.compile(
    rb"/tmp/|/root\b|/home/|/Users/|/private/|sk-[A-Za-z0-9]{8}|mlxr_|Bearer [A-Za-z0-9]|"
    rb"hf_[A-Za-z0-9]{8}|eyJ[A-Za-z0-9_-]{10,}\.|(?i:api[_-]?key)\W{1,5}\w{8}|BEGIN [A-Z ]*KEY"
)
ALL = [*cassette_files(SHIPPED), *cassette_files(TESTED)]


@pytest.mark.parametrize("file", ALL, ids=lambda file: "/".join(file.parts[-3:]))
def test_a_cassette_in_the_repository_is_whole_and_holds_no_secret(file: Path) -> None:
    data = file.read_bytes()
    cassette = load(file)
    assert dumps(cassette) == data
    assert FORBIDDEN.search(data) is None
    assert FORBIDDEN.search(cassette.body) is None
    assert {name.lower() for name, _ in cassette.header.request.headers} <= {
        "accept",
        "content-type",
    }
    assert cassette.header.name == file.name.partition(".")[0]


def test_the_cassettes_stay_small() -> None:
    sizes = {file: file.stat().st_size for file in ALL}
    assert max(sizes.values()) < 1_000_000
    assert sum(size for file, size in sizes.items() if SHIPPED in file.parents) < 1_500_000
    assert sum(size for file, size in sizes.items() if TESTED in file.parents) < 6_000_000


def test_what_is_saved_is_loaded_by_its_place_below_the_folder(tmp_path: Path) -> None:
    save(handmade(b"one"), tmp_path / "deep/er/one.cast.jsonl")
    save(handmade(b"two"), tmp_path / "two.cast.jsonl")
    library = load_library(tmp_path)
    assert {name: cassette.body for name, cassette in library.items()} == {
        "deep/er/one": b"one",
        "two": b"two",
    }
    assert name_of(tmp_path / "deep/er/one.cast.jsonl", tmp_path) == "deep/er/one"


def test_a_failed_save_leaves_no_file_and_the_old_one_whole(tmp_path: Path) -> None:
    (tmp_path / "taken.cast.jsonl").mkdir()
    with pytest.raises(LibraryError, match=r"taken\.cast\.jsonl"):
        save(handmade(b"x"), tmp_path / "taken.cast.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.cast.jsonl"]


def test_a_folder_without_cassettes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no cassette"):
        load_library(tmp_path)
    with pytest.raises(LibraryError, match="no such file or folder"):
        load_library(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="not a folder"):
        load_library(tmp_path / "file")


def test_a_name_means_a_file_or_a_shipped_cassette(tmp_path: Path) -> None:
    save(handmade(b"x"), tmp_path / "x.cast.jsonl")
    assert load(find(str(tmp_path / "x.cast.jsonl"))).body == b"x"
    assert load(find("mlx_lm/hello")).header.name == "hello"
    with pytest.raises(LibraryError, match="neither a file nor a shipped cassette"):
        find("mlx_lm/missing")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=re.escape(str(tmp_path))):
        load(tmp_path)
