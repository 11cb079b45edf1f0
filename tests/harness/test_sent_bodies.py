from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from fake_mlx.sent_bodies import sent_bodies
from fake_process import FakeProcess
from handmade import chat


def entry(*pieces: bytes, cassette: str | None = "kept", **fields: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "cassette": cassette,
        "faults": [],
        "sent_sizes": [len(piece) for piece in pieces],
        "sent_checksums": [crc32(piece) for piece in pieces],
    } | fields


def test_a_body_goes_as_far_as_it_was_sent(made: Path) -> None:
    assert sent_bodies([entry(b"one", b"two")], made) == {7: b"onetwo"}
    assert sent_bodies([entry(b"one")], made) == {7: b"one"}
    assert sent_bodies([entry()], made) == {7: b""}


def test_it_ends_where_something_else_was_sent(made: Path) -> None:
    assert sent_bodies([entry(b"one", b"six")], made) == {7: b"one"}
    endless = entry(b"one", sent_checksums=[-1])
    assert sent_bodies([endless], made) == {7: b""}


@pytest.mark.parametrize("cassette", ["gone", None])
def test_what_is_not_known_is_left_out(made: Path, cassette: str | None) -> None:
    assert sent_bodies([entry(cassette=cassette), entry(faults=["no_such"], id=8)], made) == {}


def test_faults_are_laid_over_the_body_again(fake: FakeProcess, made: Path) -> None:
    fake.chat(chat("kept!one_byte!cut@4"))
    fake.chat(chat("kept!cut"))
    entries = fake.settled_journal()
    bodies = sent_bodies(entries, made)
    assert [bodies[entry["id"]] for entry in entries] == [
        b"onet",
        b"onetwo"[: entries[1]["bytes"]],
    ]
