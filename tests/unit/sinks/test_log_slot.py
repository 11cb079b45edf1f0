"""A slot has one owner, and is free when its owner dies."""

import subprocess
import sys
from pathlib import Path

from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_slot import take_free_slot, take_slot

TAKES_AND_WAITS = """
import sys
from pathlib import Path
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_slot import take_free_slot
slot = take_free_slot(LogNames(Path(sys.argv[1])))
print(slot.number, flush=True)
sys.stdin.read()
"""


def test_each_process_gets_a_slot_of_its_own_and_gives_it_back(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    first, second = take_free_slot(names), take_free_slot(names)
    assert (first.number, second.number) == (1, 2)
    assert take_slot(names, 1) is None
    first.release()
    again = take_free_slot(names)
    assert again.number == 1
    again.release()
    second.release()


def test_the_lock_is_for_its_owner_alone(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    take_free_slot(names).release()
    assert names.lock(1).stat().st_mode & 0o777 == 0o600


def test_the_slot_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "streams.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", TAKES_AND_WAITS, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"1\n"
            assert take_slot(LogNames(path), 1) is None
        finally:
            process.kill()
            process.wait(30)
    slot = take_slot(LogNames(path), 1)
    assert slot is not None
    slot.release()
