"""One fake MLX server and one relay for all integration tests, each a real process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.databases import cluster, database_url
from support.held_model import HeldModel, held_model
from support.processes import Service, running
from support.relay import RelayService, relay_service

__all__ = ["cluster", "database_url"]

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"


@pytest.fixture(scope="session")
def fake() -> Iterator[Service]:
    """The recorded servers, as fast as they can."""
    arguments = ("serve", "--port", "0", "--cassettes", str(CASSETTES), "--speed", "max")
    with running("fake_mlx", *arguments) as service:
        yield service


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    with relay_service(tmp_path_factory.mktemp("relay")) as service:
        yield service


@pytest.fixture
async def model() -> AsyncIterator[HeldModel]:
    """A model that answers when a test says so."""
    async with held_model() as model:
        yield model
