"""kill -9 while users are added: whoever was told that it is done finds it done."""

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

WRITER = """
import asyncio, sys
from mlx_relay.storage import open_database

async def write(url, prefix):
    async with open_database(url) as database:
        for number in range(100_000):
            await database.repository.add_user(f"{prefix}-{number}", "hash")
            print(f"{prefix}-{number}", flush=True)

asyncio.run(write(sys.argv[1], sys.argv[2]))
"""


def names_before_a_kill(path: Path, prefix: str, lines: int) -> set[str]:
    """Run a writer, kill it when it has said *lines*, and return what it said in all."""
    url = f"sqlite+aiosqlite:///{path}"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, prefix], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        said += [line.strip() for line in writer.stdout if line.endswith("\n")]
    assert all(said)
    return set(said)


def kill_writers(path: Path, kills: int) -> None:
    draw = random.Random(1)
    acknowledged: set[str] = set()
    for number in range(kills):
        acknowledged |= names_before_a_kill(path, str(number), draw.randint(1, 30))
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stored = {name for (name,) in connection.execute("SELECT name FROM users")}
        assert acknowledged <= stored
        # One may have been stored whose word nobody heard.
        assert len(stored - acknowledged) <= number + 1


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    kill_writers(tmp_path / "relay.db", 4)


@pytest.mark.nightly
def test_what_was_acknowledged_is_there_after_a_hundred_kills(tmp_path: Path) -> None:
    kill_writers(tmp_path / "relay.db", 100)
