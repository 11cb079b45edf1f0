"""A configuration file in; a piece of work done with the repository it leads to."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog

from mlx_relay.config import load_settings
from mlx_relay.storage import Repository, open_database

_T = TypeVar("_T")


def with_repository(config: Path | None, work: Callable[[Repository], Awaitable[_T]]) -> _T:
    """Return what *work* returns."""
    # A failure is one line of the command's own; a log line beside it would be a second.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return asyncio.run(_run(config, work))


async def _run(config: Path | None, work: Callable[[Repository], Awaitable[_T]]) -> _T:
    settings = load_settings(config)
    async with open_database(settings.effective_database_url) as database:
        return await work(database.repository)
