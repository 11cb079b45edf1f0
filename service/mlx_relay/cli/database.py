"""A configuration file in; a piece of work done with the database it leads to."""

import asyncio
import getpass
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog

from mlx_relay.config import load_settings
from mlx_relay.storage import Database, Repository, open_database
from mlx_relay.storage.records import Actor

MAX_NAME = 64

_T = TypeVar("_T")


def with_repository(config: Path | None, work: Callable[[Repository], Awaitable[_T]]) -> _T:
    """Return what *work* returns; what it changes is in the audit log as this command's."""
    return with_database(config, lambda database: work(database.repository.acting_as(who_types())))


def with_database(config: Path | None, work: Callable[[Database], Awaitable[_T]]) -> _T:
    """Return what *work* returns."""
    # A failure is one line of the command's own; a log line beside it would be a second.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return asyncio.run(_run(config, work))


def who_types() -> Actor:
    """Return the operating system's user, by number where it knows no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.geteuid())
    return Actor(name=name[:MAX_NAME], via="cli")


async def _run(config: Path | None, work: Callable[[Database], Awaitable[_T]]) -> _T:
    settings = load_settings(config)
    async with open_database(settings.effective_database_url) as database:
        return await work(database)
