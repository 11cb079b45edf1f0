"""A database on each engine: SQLite in a file, PostgreSQL where its server is installed."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

from mlx_relay.storage import Repository, open_database

DEBIAN = Path("/usr/lib/postgresql")
_numbers = itertools.count(1)


class Cluster:
    """A PostgreSQL server of our own, reachable by its socket only."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self._data = directory / "data"
        self.socket_directory = directory

    def start(self) -> None:
        self._run("initdb", "-D", str(self._data), "-U", "relay", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-c listen_addresses='' -c fsync=off -k {self.socket_directory}"
        log = str(self.socket_directory / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    async def execute(self, statement: str) -> None:
        connection: Any = await asyncpg.connect(
            host=str(self.socket_directory), user="relay", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://relay@/{database}?host={self.socket_directory}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.socket_directory)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = _find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    # Not below tmp_path, whose parents let nobody but us through: the server is another user.
    directory = Path(tempfile.mkdtemp(prefix="mlxr"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    started = Cluster(programs, directory)
    try:
        started.start()
        yield started
        started.stop()
    finally:
        shutil.rmtree(directory)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"test_{next(_numbers)}"
    await cluster.execute(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    await cluster.execute(f"DROP DATABASE {name}")


@pytest.fixture
async def repository(database_url: str) -> AsyncIterator[Repository]:
    async with open_database(database_url) as database:
        yield database.repository


def _find_programs() -> Path | None:
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None
