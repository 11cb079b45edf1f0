"""The composition root: a whole service in this process, and what keeps it from starting."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import aiohttp.http_parser
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from mlx_relay.admission import Admission, Limits
from mlx_relay.app import make_app, serve
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.config import Settings, load_settings
from mlx_relay.errors import CannotListen, ConfigurationError
from mlx_relay.shared.shares import Shares
from mlx_relay.storage import open_database
from mlx_relay.web.routes import ROUTES


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, port=0)


async def test_every_route_is_served(settings: Settings) -> None:
    async with open_database(settings.effective_database_url) as database:
        served = {
            (route.method, route.resource.canonical)
            for route in make_app(
                settings, database, Shares(Admission(Limits()), OwnAttempts())
            ).router.routes()
            if route.resource is not None
        }
    for route in ROUTES:
        path = web.UrlDispatcher().add_resource(route.path).canonical
        assert (route.method, path) in served


async def test_it_serves_until_it_is_stopped(settings: Settings) -> None:
    ready = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(serve(settings, on_ready=ready.set_result))
        url = await ready
        async with aiohttp.ClientSession(url) as session:
            for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200)):
                async with session.get(path) as answer:
                    assert answer.status == status
            async with session.get("/api/profiles") as answer:
                assert answer.status == 401
        running.cancel()
    assert (settings.data_dir / "signing.key").stat().st_mode & 0o777 == 0o600
    assert (settings.data_dir / "relay.db").stat().st_mode & 0o777 == 0o600


async def test_what_stands_before_the_server_is_set_up_by_settings(settings: Settings) -> None:
    origin = "https://pages.example"
    networks = ["127.0.0.1"]
    opened = load_settings(
        data_dir=settings.data_dir,
        port=0,
        allowed_hosts=["chat.example"],
        cors_origins=[origin],
        trusted_proxies=networks,
        access_log=True,
    )
    requests: tuple[tuple[str, dict[str, str], int], ...] = (
        ("/healthz", {"Host": "chat.example"}, 200),
        ("/healthz", {"Host": "evil.example"}, 421),
        ("/metrics", {"X-Forwarded-For": "203.0.113.5"}, 403),
        ("/metrics", {"X-Forwarded-For": "127.0.0.1"}, 200),
        ("/api/auth/me", {"Origin": origin}, 401),
    )
    ready = asyncio.get_running_loop().create_future()
    with capture_logs() as records:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(serve(opened, on_ready=ready.set_result))
            async with aiohttp.ClientSession(await ready) as session:
                for path, headers, status in requests:
                    async with session.get(path, headers=headers) as answer:
                        assert answer.status == status, (path, headers)
                assert answer.headers["Access-Control-Allow-Origin"] == origin
            running.cancel()
    noted = [record["address"] for record in records if record["event"] == "request"]
    assert noted == ["127.0.0.1", "127.0.0.1", "203.0.113.5", "127.0.0.1", "127.0.0.1"]


async def test_a_busy_port_is_named_with_a_hint(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        taken = load_settings(data_dir=settings.data_dir, port=port)
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} is in use: .*--port"):
            await serve(taken, on_ready=lambda _url: None)


async def test_a_host_that_is_not_ours_is_named(settings: Settings) -> None:
    elsewhere = load_settings(data_dir=settings.data_dir, host="192.0.2.1", port=0)
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1:0: cannot listen"):
        await serve(elsewhere, on_ready=lambda _url: None)


async def test_without_the_compiled_parser_it_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pure = aiohttp.http_parser.HttpRequestParserPy
    monkeypatch.setattr("mlx_relay.app.aiohttp.http_parser.HttpRequestParser", pure)
    with pytest.raises(ConfigurationError, match="C parser"):
        await serve(settings, on_ready=lambda _url: None)
