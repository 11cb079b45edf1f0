"""The names of the log's files, and which old ones are removed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mlx_relay.sinks.log_names import LogNames, remove_old

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def names_of(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_the_first_process_writes_the_file_of_the_settings_and_others_write_beside_it(
    tmp_path: Path,
) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    assert names.live(1) == tmp_path / "streams.jsonl"
    assert names.live(2) == tmp_path / "streams.2.jsonl"


def test_a_full_file_gets_a_name_that_no_file_has(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    first = names.new_old(3, NOW)
    assert first.name == "streams-20260102T030405000006-3.jsonl"
    first.touch()
    second = names.new_old(3, NOW)
    second.touch()
    assert names.old() == [first, second]


def test_the_files_of_a_slot_come_oldest_first_and_the_live_one_last(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    for path in (names.live(1), names.live(2), names.new_old(1, NOW)):
        path.touch()
    names.new_old(1, NOW - timedelta(days=1)).touch()
    assert sorted(map(names_of, names.by_slot())) == [
        [
            "streams-20260101T030405000006-1.jsonl",
            "streams-20260102T030405000006-1.jsonl",
            "streams.jsonl",
        ],
        ["streams.2.jsonl"],
    ]


def test_a_strangers_file_is_none_of_ours(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    for name in ("streams.jsonl.new", "streams.jsonl.bak", "other.jsonl", "streams-1.jsonl"):
        (tmp_path / name).touch()
    assert names.by_slot() == []
    assert names.old() == []


def test_a_slot_is_known_by_its_lock(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    for slot in (10, 2):
        names.lock(slot).touch()
    assert names.slots() == [2, 10]


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert LogNames(tmp_path / "none" / "streams.jsonl").by_slot() == []


def old_files(names: LogNames) -> list[Path]:
    """Make five files, of four days ago until today."""
    paths = [names.new_old(1, NOW - timedelta(days=days)) for days in (4, 3, 2, 1, 0)]
    for days, path in zip((4, 3, 2, 1, 0), paths, strict=True):
        path.touch()
        written = (NOW - timedelta(days=days)).timestamp()
        os.utime(path, (written, written))
    return paths


def test_old_files_beyond_a_number_are_removed(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    paths = old_files(names)
    remove_old(names, keep=2, keep_days=30, now=NOW)
    assert names.old() == paths[3:]


def test_old_files_beyond_an_age_are_removed_and_live_ones_stay(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    paths = old_files(names)
    names.live(1).touch()
    os.utime(names.live(1), (0, 0))
    remove_old(names, keep=30, keep_days=2, now=NOW + timedelta(seconds=1))
    assert names.old() == paths[3:]
    assert names.live(1).exists()
