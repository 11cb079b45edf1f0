import json

import pytest

from fake_mlx.cassette import dumps, read_records
from fake_mlx.key_shapes import KINDS, find_keys
from fake_mlx.library import SHIPPED, cassette_files, load
from handmade import chat, handmade

# Put together here, so that no file of the project holds anything of these shapes.
KEYS = dict(
    zip(
        KINDS,
        [
            "sk" + "-proj-abcdefghijklmnop",
            "mlxr" + "_abcdefghijklmnop",
            "hf" + "_abcdefghijklmnop",
            "AKIA" + "ABCDEFGHIJKLMNOP",
            "Bearer " + "abc123def456ghi",
            "eyJ" + "hbGciOiJI." + "eyJ" + "zdWIiOiIx.c2ln",
            "-----BEGIN RSA " + "PRIVATE KEY-----",
        ],
        strict=True,
    )
)


def found_in(*pieces: bytes, body: object = None) -> list[tuple[int, str]]:
    cassette = handmade(*pieces, body=body)
    return find_keys(read_records(dumps(cassette), "x"), cassette)


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_in_the_request_is_found_on_the_first_line(kind: str) -> None:
    assert found_in(body=chat("m", f"my key:\n{KEYS[kind]}")) == [(1, kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_in_the_body_is_found_on_the_line_of_its_chunk(kind: str) -> None:
    assert found_in(event("one"), event(f"it is\n{KEYS[kind]}")) == [(4, kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_comes_a_character_at_a_time_is_found_where_it_begins(kind: str) -> None:
    letters = [event(letter) for letter in KEYS[kind]]
    assert found_in(event("it is "), *letters) == [(4, kind)]


def test_a_key_cut_by_a_transfer_chunk_is_found() -> None:
    kind, key = next(iter(KEYS.items()))
    whole = event(key)
    middle = whole.index(b"proj")
    assert found_in(whole[:middle], whole[middle:]) == [(3, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "a task-force-of-engineers",
        "Bearer authentication",
        "hf_hub_download_file",
        "sk-learn",
        "eyJ",
    ],
)
def test_prose_is_no_key(text: str) -> None:
    assert found_in(event(text)) == []


def test_a_body_that_is_not_json_is_looked_at_as_text() -> None:
    kind, key = next(iter(KEYS.items()))
    assert found_in(f"data: {{broken {key}\n\n".encode()) == [(3, kind)]


def test_the_shipped_cassettes_hold_nothing_of_the_kind() -> None:
    for file in cassette_files(SHIPPED):
        assert find_keys(read_records(file.read_bytes(), str(file)), load(file)) == []
