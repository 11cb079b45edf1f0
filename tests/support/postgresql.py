"""A PostgreSQL server of a test's own, from Debian's package, reachable by its socket only."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

DEBIAN = Path("/usr/lib/postgresql")
_numbers = itertools.count(1)


class Cluster:
    """A server that runs; ``database`` makes an empty database in it."""

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

    def restart(self) -> None:
        """Cut off who is connected, and be there again; returns when it takes connections."""
        log = str(self.socket_directory / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-m", "fast", "-w", "restart")

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

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Yield the URL of an empty database, which goes when the block ends."""
        name = f"test_{next(_numbers)}"
        await self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        await self.execute(f"DROP DATABASE {name}")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.socket_directory)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run a server; skips where its programs are not installed."""
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


def _find_programs() -> Path | None:
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).resolve().parent if found else None
