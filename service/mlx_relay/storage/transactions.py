"""Short transactions, and the library's errors as ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from mlx_relay.errors import Conflict, Unavailable

WRITES = "mlx_relay_writes"
"""The execution option that marks a transaction as a writing one."""

_log = structlog.get_logger(__name__)


class Transactions:
    """Opens sessions on *engine*, one transaction each.

    A broken unique constraint becomes Conflict, a database that is gone becomes Unavailable.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._reading = async_sessionmaker(engine, expire_on_commit=False)
        self._writing = async_sessionmaker(
            engine.execution_options(**{WRITES: True}), expire_on_commit=False
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with _our_errors(), self._reading.begin() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with _our_errors(), self._writing.begin() as session:
            yield session


@asynccontextmanager
async def _our_errors() -> AsyncIterator[None]:
    try:
        yield
    except IntegrityError:
        raise Conflict from None
    except (SQLAlchemyError, OSError) as error:
        # Of the driver's error only its name: its words may hold what a user wrote.
        code = getattr(getattr(error, "orig", None), "sqlite_errorname", None)
        _log.warning("database_failed", error=type(error).__name__, code=code)
        raise Unavailable from error
