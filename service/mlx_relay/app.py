"""Settings in; a running service out. The only module that knows every part."""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp.http_parser
from aiohttp import web
from prometheus_client import CollectorRegistry

from mlx_relay.auth.signing_key import load_signing_key
from mlx_relay.config import Settings, shared_metrics_directory
from mlx_relay.errors import CannotListen, ConfigurationError
from mlx_relay.open_files import raise_open_file_limit
from mlx_relay.relay import Limits, Relay
from mlx_relay.sinks import SinkContext, make_sink_factories
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.metrics_live import LiveSinks
from mlx_relay.sinks.metrics_workers import collector_of
from mlx_relay.storage import Database, open_database
from mlx_relay.upstream import Upstream
from mlx_relay.web import app_keys
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.headers import setup_headers
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics, end_watching
from mlx_relay.web.metrics import sum_by_sink
from mlx_relay.web.routes import setup_routes
from mlx_relay.web.sessions import setup_sessions

BACKLOG = 1024
KEEPALIVE_SECONDS = 15.0
SHUTDOWN_SECONDS = 3.0
PAGE_FILES = Path(__file__).parent / "web" / "static"


async def serve(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; *on_ready* gets the URL once the port is open.

    Raises ConfigurationError for a setting or a database that keeps it from starting, CannotListen
    for the port.
    """
    _check_parser_is_compiled()
    raise_open_file_limit()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_database(settings.effective_database_url) as database:
        runner = web.AppRunner(
            make_app(settings, database),
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=KEEPALIVE_SECONDS,
            shutdown_timeout=SHUTDOWN_SECONDS,
            auto_decompress=False,
        )
        await runner.setup()
        try:
            on_ready(await _listen(runner, settings))
            await stop.wait()
        finally:
            await runner.cleanup()


def make_app(settings: Settings, database: Database) -> web.Application:
    """Return the application; its parts open and close with it."""
    app = web.Application()
    # The order matters: an error of a later concern is still answered by the first one.
    setup_errors(app)
    setup_headers(app)
    setup_sessions(
        app,
        database.repository,
        database.sign_ins,
        signing_key=load_signing_key(settings.data_dir / "signing.key"),
        token_lifetime_seconds=settings.token_lifetime_seconds,
        secure_cookie=settings.is_https,
    )
    app[app_keys.CONVERSATIONS] = database.conversations if settings.conversations else None
    app[app_keys.PAGE_FILES] = PAGE_FILES
    setup_routes(app)
    app.cleanup_ctx.append(_relay_context(settings))
    app.on_shutdown.append(_end_streams)
    app.on_shutdown.append(end_watching)
    return app


def _relay_context(settings: Settings) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app[app_keys.RELAY] = await stack.enter_async_context(_open_relay(app, settings))
            yield

    return context


@asynccontextmanager
async def _open_relay(app: web.Application, settings: Settings) -> AsyncIterator[Relay]:
    registry = CollectorRegistry()
    health = SinkHealth(registry)
    context = SinkContext(settings={}, data_dir=settings.data_dir, registry=registry, health=health)
    factories = make_sink_factories(settings.sinks, settings.sink, context)
    upstream = Upstream()
    live = LiveSinks()
    side_sinks = SideSinks({**factories, "live": live}, health)
    limits = Limits(settings.max_streams, settings.max_streams_per_user)
    relay = Relay(upstream, side_sinks, limits=limits)
    scraped = collector_of(registry, shared_metrics_directory())
    app[app_keys.METRICS] = scraped if "metrics" in factories else None
    app[LIVE_METRICS] = LiveMetrics(
        live,
        sink_losses=lambda: sum_by_sink(registry, "mlx_relay_sink_lost_total"),
        load_profiles=app[app_keys.REPOSITORY].profiles,
        profile_status=upstream.status,
    )
    app[app_keys.METRICS_TOKEN] = settings.metrics_token
    app[app_keys.PROFILE_STATUS] = upstream.status
    app[app_keys.PROFILE_TEST] = upstream.test
    app[app_keys.IS_DRAINING] = lambda: relay.is_draining
    app[app_keys.DEGRADED_SINKS] = health.degraded
    async with side_sinks:
        yield relay


async def _end_streams(app: web.Application) -> None:
    app[app_keys.RELAY].shut_down()


async def _listen(runner: web.AppRunner, settings: Settings) -> str:
    site = web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG)
    try:
        await site.start()
    except OSError as error:
        raise CannotListen(_describe(error, settings)) from None
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _describe(error: OSError, settings: Settings) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: stop what listens there, or choose another --port"
    return f"{where}: cannot listen: {error.strerror}"


def _check_parser_is_compiled() -> None:
    """The pure-Python parser differs in what it lets through, so it is no substitute."""
    if aiohttp.http_parser.HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise ConfigurationError("aiohttp's C parser is missing: install aiohttp from a wheel")
