"""The whole HTTP edge on a database in a temporary directory, with fakes behind it."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.grants import SCOPES, Scope
from mlx_relay.profiles import Profile, ProfileTest, Reachability
from mlx_relay.sinks.metrics_live import LiveSinks
from mlx_relay.storage import Database, open_database
from mlx_relay.storage.records import User
from mlx_relay.upstream import AddressPolicy
from mlx_relay.web.allowed_hosts import setup_allowed_hosts
from mlx_relay.web.app_keys import (
    ADDRESS_POLICY,
    CONVERSATIONS,
    DEGRADED_SINKS,
    IS_DRAINING,
    METRICS,
    METRICS_TOKEN,
    PAGE_FILES,
    PROFILE_TEST,
    REACHABILITY,
    REDIS_TROUBLE,
    STREAMS,
)
from mlx_relay.web.client_address import setup_client_address
from mlx_relay.web.cors import setup_cors
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.framing import setup_framing
from mlx_relay.web.headers import setup_headers
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics, end_watching
from mlx_relay.web.routes import setup_routes
from mlx_relay.web.sessions import setup_sessions

SIGNING_KEY = bytes(range(32))
SIGNER = TokenSigner(SIGNING_KEY, lifetime_seconds=900)
PASSWORD = "correct horse"
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

Value = TypeVar("Value")
Client: TypeAlias = TestClient[web.Request, web.Application]


class Switch:
    """What the server would know: is it on its way down?"""

    def __init__(self) -> None:
        self.is_on = False

    def read(self) -> bool:
        return self.is_on


class Edge:
    """A running HTTP edge, its database, and people to send requests as."""

    def __init__(
        self,
        client: Client,
        database: Database,
        people: tuple[User, User],
        draining: Switch,
        degraded_sinks: dict[str, str],
        redis_trouble: list[str],
    ) -> None:
        self.client = client
        self.database = database
        self.repository = database.repository
        self.admin, self.user = people
        self._sign_ins: dict[int, str] = {}
        self.draining = draining
        self.degraded_sinks = degraded_sinks
        self.redis_trouble = redis_trouble

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_user: User | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return status and JSON of the answer; *body* None sends no body."""
        credentials = self.bearer(as_user) if as_user else {}
        async with self.client.request(
            method, path, json=body, headers=credentials | (headers or {})
        ) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)

    def get(self, key: web.AppKey[Value]) -> Value:
        """Return what the application holds under *key*."""
        assert self.client.app is not None
        return self.client.app[key]

    def set(self, key: web.AppKey[Value], value: Value) -> None:
        """Put *value* where the settings would have."""
        assert self.client.app is not None
        self.client.app._state[key] = value

    async def as_admin(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return await self.send(method, path, body, as_user=self.admin)

    async def as_plain_user(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return await self.send(method, path, body, as_user=self.user)

    async def sign_in(self, user: User) -> dict[str, str]:
        """Sign *user* in and return the headers that say so."""
        started = await self.database.sign_ins.start(user, datetime.now(UTC))
        self._sign_ins[user.id] = started.id
        return self.bearer(user)

    def bearer(self, user: User) -> dict[str, str]:
        """Return the headers of *user*, who has signed in."""
        sign_in = self._sign_ins[user.id]
        token = SIGNER.issue(user.id, user.token_version, sign_in, now=time.time())
        return {"Authorization": f"Bearer {token}"}

    async def make_key(self, user: User, *scopes: Scope) -> str:
        """Return the secret of a new key; without *scopes* it may do everything."""
        secret = make_api_key()
        await self.repository.add_api_key(
            user.id,
            "test",
            secret_hash=hash_api_key(secret),
            prefix=visible_part(secret),
            scopes=scopes or SCOPES,
        )
        return secret


def make_app(database: Database, *, secure_cookie: bool = False) -> web.Application:
    async def test_profile(profile: Profile) -> ProfileTest:
        return ProfileTest(ok=True, models=[profile.model_path])

    def reachability_of(profile_id: int) -> Reachability:
        return Reachability("up" if profile_id == 1 else "unknown")

    app = web.Application()
    setup_errors(app)
    setup_headers(app)
    setup_client_address(app, ())
    setup_framing(app)
    setup_allowed_hosts(app, ())
    setup_cors(app, ())
    setup_sessions(
        app,
        database,
        signing_key=SIGNING_KEY,
        token_lifetime_seconds=900,
        secure_cookie=secure_cookie,
    )
    setup_routes(app)
    app[CONVERSATIONS] = database.conversations
    app[REACHABILITY] = reachability_of
    app[ADDRESS_POLICY] = AddressPolicy()
    app[PROFILE_TEST] = test_profile
    app[METRICS] = None
    app[STREAMS] = None
    app[METRICS_TOKEN] = None
    app[LIVE_METRICS] = LiveMetrics(
        LiveSinks(),
        sink_losses=lambda: {"log": 3},
        load_profiles=database.repository.profiles,
        profile_status=lambda profile_id: reachability_of(profile_id).status,
    )
    app.on_shutdown.append(end_watching)
    return app


def build_page(folder: Path) -> None:
    """Write what a build of the chat page writes, in small."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>mlx-relay</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "THIRD_PARTY.txt").write_text("notices")
    (folder / "assets" / "index-a1b2.js").write_text("let x = 1;")


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        repository = database.repository
        admin = await repository.add_user("ada", CHEAP_HASH, role="admin")
        user = await repository.add_user("bob", CHEAP_HASH)
        app = make_app(database)
        app[PAGE_FILES] = tmp_path / "page"
        build_page(app[PAGE_FILES])
        draining = Switch()
        app[IS_DRAINING] = draining.read
        degraded_sinks: dict[str, str] = {}
        app[DEGRADED_SINKS] = lambda: degraded_sinks
        redis_trouble: list[str] = []
        app[REDIS_TROUBLE] = lambda: " ".join(redis_trouble) or None
        async with TestClient(TestServer(app)) as client:
            people = (admin, user)
            edge = Edge(client, database, people, draining, degraded_sinks, redis_trouble)
            await edge.sign_in(admin)
            await edge.sign_in(user)
            yield edge
