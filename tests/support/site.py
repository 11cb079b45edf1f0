"""A site of several relays: PostgreSQL, Redis, nginx and the relays, each a process of its own."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from support.balancer import Nginx, free_port, nginx_before
from support.postgresql import Cluster
from support.processes import Service, running
from support.redis import RedisServer, redis_server
from support.relay import command

PATIENCE_SECONDS = 60
PASSWORD = "correct horse"


class Replica:
    """One relay of a site, which can be started again."""

    def __init__(self, data_dir: Path, env: Mapping[str, str]) -> None:
        self._env = {**env, "MLX_RELAY_DATA_DIR": str(data_dir)}
        self._running: AbstractContextManager[Service] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.service: Service

    def start(self) -> None:
        self._running = running("mlx_relay", "serve", "--port", str(self.port), env=self._env)
        self.service = self._running.__enter__()

    def stop(self) -> int:
        """Tell it to stop, wait until its streams have ended, and return its exit code."""
        code = self.service.stop()
        self.end()
        return code

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.service.process.kill()
        self.end()

    def end(self) -> None:
        """End it, if it runs."""
        if self._running is not None:
            running, self._running = self._running, None
            running.__exit__(None, None, None)


class Site:
    """*replicas* behind *nginx*, and the API key of their administrator ``ada``."""

    def __init__(self, redis: RedisServer, cluster: Cluster, env: dict[str, str]) -> None:
        self.redis = redis
        self.cluster = cluster
        self.env = env
        self.replicas: list[Replica] = []
        self.nginx: Nginx
        self.headers: dict[str, str] = {}

    @property
    def ports(self) -> list[int]:
        return [replica.port for replica in self.replicas]

    def session(self, url: str = "") -> aiohttp.ClientSession:
        """Return a client of nginx, or of *url*; each request has a connection of its own."""
        return aiohttp.ClientSession(
            url or self.nginx.url,
            headers=self.headers,
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
        )

    async def add_profile(self, **fields: Any) -> int:
        async with self.session() as session, session.post("/api/profiles", json=fields) as answer:
            assert answer.status == 201, await answer.text()
            return int((await answer.json())["id"])

    async def readiness(self, replica: Replica) -> dict[str, Any]:
        async with self.session(replica.url) as session, session.get("/readyz") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def wait_until(self, status: str, replicas: Sequence[Replica] | None = None) -> None:
        """Wait until each of *replicas*, or of all, says *status* of itself."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for replica in replicas or self.replicas:
                while (await self.readiness(replica)).get("status") != status:
                    pass


@contextmanager
def running_site(folder: Path, cluster: Cluster, replicas: int = 2) -> Iterator[Site]:
    """Run a site with its data in *folder* until the block ends."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        name = f"site_{folder.name}".replace("-", "_").lower()
        asyncio.run(cluster.execute(f"CREATE DATABASE {name}"))
        env = {
            "MLX_RELAY_DATABASE_URL": cluster.url(name),
            "MLX_RELAY_REDIS_URL": redis.url,
            "MLX_RELAY_SIGNING_KEY_FILE": str(folder / "signing.key"),
            "MLX_RELAY_MAX_QUEUED_PER_USER": "0",
            "MLX_RELAY_PRE_STOP_SECONDS": "2",
            "MLX_RELAY_DRAIN_SECONDS": "1",
        }
        site = Site(redis, cluster, env)
        site.headers = _make_administrator(env | {"MLX_RELAY_DATA_DIR": str(folder / "one")})
        site.replicas = [Replica(folder / f"relay-{number}", env) for number in range(replicas)]
        stack.callback(_of_all, Replica.end, site.replicas)
        _of_all(Replica.start, site.replicas)
        (folder / "nginx").mkdir()
        site.nginx = stack.enter_context(nginx_before(folder / "nginx", site.ports))
        yield site


def _of_all(action: Callable[[Replica], None], replicas: list[Replica]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, replicas))


def _make_administrator(env: Mapping[str, str]) -> dict[str, str]:
    command(env, "user", "add", "ada", "--admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    key = json.loads(command(env, "key", "add", "ada", "tests", "--json"))["secret"]
    return {"Authorization": f"Bearer {key}"}
