"""A database on each engine: SQLite in a file, PostgreSQL where its server is installed."""

from collections.abc import AsyncIterator

import pytest

from mlx_relay.storage import Repository, open_database
from support.databases import cluster, database_url

__all__ = ["cluster", "database_url"]


@pytest.fixture
async def repository(database_url: str) -> AsyncIterator[Repository]:
    async with open_database(database_url) as database:
        yield database.repository
