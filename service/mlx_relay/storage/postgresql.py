"""What PostgreSQL needs to be told: a URL in; an engine with bounded waits out."""

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mlx_relay.errors import ConfigurationError

CONNECT_SECONDS = 5

_MILLISECONDS = {
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "lock_timeout": "3000",
}


def make_engine(url: URL) -> AsyncEngine:
    """Raises ConfigurationError where the driver, an extra, is not installed."""
    try:
        return create_async_engine(
            url,
            connect_args={"timeout": CONNECT_SECONDS, "server_settings": _MILLISECONDS},
            hide_parameters=True,
            pool_size=10,
            max_overflow=5,
            pool_timeout=5,
            pool_pre_ping=True,
            pool_recycle=1800,
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "database_url: PostgreSQL needs asyncpg: install mlx-relay[postgres]"
        ) from None
