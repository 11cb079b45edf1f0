"""Fixtures: an empty database on each engine, PostgreSQL where its server is installed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.postgresql import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    async with cluster.database() as url:
        yield url
