"""The database library's errors become ours."""

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import create_async_engine

from mlx_relay.errors import Conflict, NotFound, RelayError, Unavailable
from mlx_relay.storage.transactions import Transactions


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (IntegrityError("statement", None, Exception("unique")), Conflict),
        (OperationalError("statement", None, Exception("database is locked")), Unavailable),
        (PoolTimeoutError("no connection is free"), Unavailable),
        (ConnectionRefusedError("the server is away"), Unavailable),
        (NotFound(), NotFound),
    ],
)
async def test_an_error_of_the_library_becomes_ours(
    tmp_path: Path, error: Exception, ours: type[RelayError]
) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}")
    transactions = Transactions(engine)
    for transaction in (transactions.read, transactions.write):
        with pytest.raises(ours):
            async with transaction():
                raise error
    await engine.dispose()


async def test_a_server_that_is_away_is_unavailable(unused_tcp_port: int) -> None:
    engine = create_async_engine(f"postgresql+asyncpg://127.0.0.1:{unused_tcp_port}/relay")
    with pytest.raises(Unavailable):
        async with Transactions(engine).read() as session:
            await session.connection()
    await engine.dispose()
