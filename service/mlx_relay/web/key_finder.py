"""The hash of an API key in; the key out. That it was used is noted, which no request waits for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog
from aiohttp import web

from mlx_relay.errors import NotFound, Unavailable
from mlx_relay.storage import Repository
from mlx_relay.storage.records import ApiKey
from mlx_relay.storage.repository import USE_STEP

_log = structlog.get_logger(__name__)


class KeyFinder:
    """Finds keys as long as its application runs."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._group = asyncio.TaskGroup()

    async def run(self, app: web.Application) -> AsyncIterator[None]:
        """Own the notes that are being made; the application's end waits for them."""
        del app
        async with self._group:
            yield

    async def find(self, secret_hash: str) -> ApiKey:
        """Raises NotFound."""
        key = await self._repository.api_key_by_hash(secret_hash)
        if key is None:
            raise NotFound
        now = datetime.now(UTC)
        if key.last_used_at is None or key.last_used_at <= now - USE_STEP:
            self._group.create_task(self._note_use(key.id, now))
        return key

    async def _note_use(self, key_id: int, at: datetime) -> None:
        try:
            await self._repository.touch_api_key(key_id, at)
        except Unavailable:
            return
        except Exception:  # noqa: BLE001 - in a group it would end the service
            _log.exception("key_use_not_noted")
