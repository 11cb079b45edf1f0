"""Real processes that start at once on one database, and one whose schema they do not know."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from alembic import command as alembic
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mlx_relay.storage import look_at_database, open_database
from mlx_relay.storage.migrate import _config
from support.processes import START_SECONDS, run

PROCESSES = 4


def make_first_version(connection: Connection) -> None:
    alembic.upgrade(_config(connection), "0001")


async def execute(url: str, statement: str) -> None:
    engine: AsyncEngine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


@contextmanager
def starting(data_dir: Path, url: str) -> Iterator["subprocess.Popen[str]"]:
    """Begin to start a relay with a data directory of its own."""
    env = {"MLX_RELAY_DATA_DIR": str(data_dir), "MLX_RELAY_DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "mlx_relay", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("state", ["empty", "older"])
async def test_processes_that_start_at_once_on_one_database_all_come_up(
    tmp_path: Path, database_url: str, state: str
) -> None:
    if state == "older":
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            await connection.run_sync(make_first_version)
        await engine.dispose()
        assert await look_at_database(database_url) == "older"
    with ExitStack() as stack:
        processes = [
            stack.enter_context(starting(tmp_path / str(number), database_url))
            for number in range(PROCESSES)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.stderr.read()
        for process in processes:
            process.terminate()
        assert [process.wait(START_SECONDS) for process in processes] == [0] * PROCESSES
    assert await look_at_database(database_url) == "current"


async def test_a_schema_of_the_future_is_refused_and_left_alone(
    tmp_path: Path, database_url: str
) -> None:
    async with open_database(database_url):
        pass
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path), "MLX_RELAY_DATABASE_URL": database_url}
    for arguments in (("serve", "--port", "0"), ("serve", "--workers", "2"), ("user", "list")):
        done = run("mlx_relay", *arguments, env=env)
        assert (done.returncode, done.stdout) == (78, "")
        assert done.stderr.count("\n") == 1
        assert "its schema is newer than this mlx-relay" in done.stderr
    done = run("mlx_relay", "doctor", "--json", env={**env, "MLX_RELAY_PORT": "0"})
    assert [one["check"] for one in json.loads(done.stdout) if not one["ok"]] == ["database"]
    assert await look_at_database(database_url) == "newer"
