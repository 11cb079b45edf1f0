"""PostgreSQL's waits are bounded, and its driver may be missing."""

import sys

import pytest
from sqlalchemy import make_url

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage.postgresql import make_engine
from support.postgresql import Cluster

URL = make_url("postgresql+asyncpg://ada@127.0.0.1/relay")


async def test_no_statement_and_no_lock_waits_for_ever(cluster: Cluster) -> None:
    engine = make_engine(make_url(cluster.url("postgres")))
    async with engine.connect() as connection:
        for setting, value in (("statement_timeout", "5s"), ("lock_timeout", "3s")):
            assert (await connection.exec_driver_sql(f"SHOW {setting}")).scalar() == value
    await engine.dispose()


def test_a_missing_driver_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match=r"mlx-relay\[postgres\]"):
        make_engine(URL)
