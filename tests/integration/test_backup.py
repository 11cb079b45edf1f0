"""The commands of docs/operating.md that keep a database safe, and what removing a user erases."""

import asyncio
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

from support.balancer import program
from support.postgresql import Cluster
from support.processes import ROOT
from support.relay import command, relay_service

GUIDE = (ROOT / "docs" / "operating.md").read_text()
PASSWORD = "correct horse\n"
SAID = "nobody else may know this"


def documented(first_word: str) -> str:
    """Return the one command of the guide that begins with *first_word*, without its comment."""
    (line,) = re.findall(rf"(?m)^{first_word} .*$", GUIDE)
    return str(line).partition("  #")[0]


def names(env: dict[str, str]) -> list[str]:
    return [user["name"] for user in json.loads(command(env, "user", "list", "--json"))]


def test_a_backup_of_sqlite_is_whole_while_the_relay_runs_and_can_be_restored(
    tmp_path: Path,
) -> None:
    program("sqlite3", "sqlite3")
    data = tmp_path / "data"
    backup = documented("sqlite3").replace("relay.db", str(data / "relay.db"))
    with relay_service(data):
        subprocess.run(
            ["sh", "-c", backup.replace("backup.db", str(tmp_path / "b.db"))], check=True
        )
    with sqlite3.connect(tmp_path / "b.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    env = {"MLX_RELAY_DATA_DIR": str(data)}
    command(env, "user", "add", "late", "--password-stdin", stdin=PASSWORD)
    restore = documented("install -m 0600 backup.db")
    restore = restore.replace("backup.db", str(tmp_path / "b.db"))
    for name in ("relay.db-wal", "relay.db-shm", "relay.db"):
        restore = re.sub(rf"(?<![/\w]){name}(?![\w-])", str(data / name), restore)
    subprocess.run(["sh", "-c", restore], check=True)
    assert names(env) == ["ada"]


@pytest.fixture
def empty_databases(cluster: Cluster) -> Iterator[tuple[str, str]]:
    pair = ("backed_up", "restored")
    for name in pair:
        asyncio.run(cluster.execute(f"CREATE DATABASE {name}"))
    yield pair
    for name in pair:
        asyncio.run(cluster.execute(f"DROP DATABASE {name}"))


def test_a_backup_of_postgresql_can_be_restored(
    tmp_path: Path, cluster: Cluster, empty_databases: tuple[str, str]
) -> None:
    old, new = (
        {"MLX_RELAY_DATA_DIR": str(tmp_path / name), "MLX_RELAY_DATABASE_URL": cluster.url(name)}
        for name in empty_databases
    )
    command(old, "user", "add", "ada", "--password-stdin", stdin=PASSWORD)
    for first_word, database in zip(("pg_dump", "pg_restore"), empty_databases, strict=True):
        address = f"postgresql://relay@/{database}?host={cluster.socket_directory}"
        words = documented(first_word).replace("postgresql://relay@db/relay", address)
        subprocess.run(["sh", "-c", words], check=True, cwd=tmp_path)
    assert names(new) == ["ada"]


async def rows_of(url: str) -> dict[str, str]:
    """Return what each table holds, as text."""
    connection: Any = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        found = {}
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT row_to_json(t)::text FROM {table} t")
            found[table] = " ".join(row[0] for row in rows)
        return found
    finally:
        await connection.close()


async def test_removing_a_user_erases_all_of_them_but_the_records_of_changes(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with cluster.database() as url:
        env = {"MLX_RELAY_DATABASE_URL": url}
        with relay_service(tmp_path, env=env) as relay:
            settings = {**env, "MLX_RELAY_DATA_DIR": str(tmp_path)}
            command(settings, "user", "add", "eve", "--password-stdin", stdin=PASSWORD)
            secret = json.loads(command(settings, "key", "add", "eve", "laptop", "--json"))[
                "secret"
            ]
            eve = {"Authorization": f"Bearer {secret}"}
            async with relay.session() as session:
                form = {"username": "eve", "password": PASSWORD.strip()}
                async with session.post("/api/auth/login", json=form, headers=eve) as answer:
                    assert answer.status == 200
                title = {"title": SAID}
                async with session.post("/api/conversations", json=title, headers=eve) as answer:
                    assert answer.status == 201, await answer.text()
            before = await rows_of(url)
            holding = {table for table, text in before.items() if "eve" in text or SAID in text}
            assert holding >= {"users", "conversations", "audit"}
            command(settings, "user", "remove", "eve", "--yes")
        after = await rows_of(url)
        assert {table for table, text in after.items() if "eve" in text or SAID in text} == {
            "audit"
        }
        for table in ("api_keys", "sign_ins", "conversations"):
            assert len(after[table]) < len(before[table])
