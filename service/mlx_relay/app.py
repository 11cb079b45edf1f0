"""Settings in; a running service out. The only module that knows every part."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp.http_parser
from aiohttp import web
from prometheus_client import CollectorRegistry

from mlx_relay.admission import Limits
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.auth.signing_key import load_signing_key
from mlx_relay.config import Settings, shared_metrics_directory
from mlx_relay.errors import ConfigurationError
from mlx_relay.listening import BACKLOG, open_listeners, url_of
from mlx_relay.open_files import raise_open_file_limit
from mlx_relay.places import OwnPlaces
from mlx_relay.relay import Relay
from mlx_relay.shared.shares import Shares, open_shares
from mlx_relay.sinks import SinkContext, make_sink_factories
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.metrics_live import LiveSinks
from mlx_relay.sinks.metrics_workers import collector_of
from mlx_relay.stopping import Stopping, stop_on_signals
from mlx_relay.storage import Database, open_database
from mlx_relay.streams.opening import open_streams
from mlx_relay.upstream import AddressPolicy, Upstream
from mlx_relay.web import app_keys
from mlx_relay.web.access_log import setup_access_log
from mlx_relay.web.allowed_hosts import setup_allowed_hosts
from mlx_relay.web.client_address import setup_client_address
from mlx_relay.web.connections import ConnectionRunner
from mlx_relay.web.cors import setup_cors
from mlx_relay.web.dialects import DIALECTS
from mlx_relay.web.draining import DRAINING, setup_draining
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.framing import setup_framing
from mlx_relay.web.headers import setup_headers
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics
from mlx_relay.web.metrics import sum_by_sink
from mlx_relay.web.routes import setup_routes
from mlx_relay.web.sessions import setup_sessions
from mlx_relay.web.streams import end_reading

SHUTDOWN_SECONDS = 3.0
PAGE_FILES = Path(__file__).parent / "web" / "static"


async def serve(settings: Settings, *, on_ready: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; *on_ready* gets the URL once the port is open.

    Returns the exit code. Raises ConfigurationError for a setting or a database that keeps it from
    starting, CannotListen for the port.
    """
    stopping = stop_on_signals()
    async with (
        open_shares(
            settings.redis_url, limits_of(settings), places=OwnPlaces(), attempts=OwnAttempts()
        ) as shares,
        running(settings, shares) as runner,
    ):
        listeners = await open_listeners(settings.host, settings.port)
        for listener in listeners:
            await web.SockSite(runner, listener, backlog=BACKLOG).start()
        on_ready(url_of(listeners))
        await stopping.asked.wait()
        await wind_down(runner, stopping)
    return stopping.exit_code


@asynccontextmanager
async def running(settings: Settings, shares: Shares) -> AsyncIterator[ConnectionRunner]:
    """Yield the service, which listens nowhere yet; its streams end with the block."""
    check_parser_is_compiled()
    raise_open_file_limit()
    async with open_database(settings.effective_database_url) as database:
        app = make_app(settings, database, shares)
        runner = ConnectionRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        # What is here stays. To look through it again takes a tenth of a second, of every stream.
        gc.freeze()
        try:
            yield runner
        finally:
            await runner.cleanup()


async def wind_down(runner: ConnectionRunner, stopping: Stopping) -> None:
    """Let the streams that run end, in bounds; leaving ``running`` ends what is left of them."""
    await runner.app[DRAINING].run(runner.app, stopping)
    if stopping.hurried.is_set():
        runner.hurry()


def make_app(settings: Settings, database: Database, shares: Shares) -> web.Application:
    """Return the application; its parts open and close with it.

    *shares* are what processes that serve together share.
    """
    app = web.Application()
    # The order matters: an error of a later concern is still answered by the first one.
    if settings.access_log:
        setup_access_log(app)
    setup_errors(app, DIALECTS)
    setup_headers(app)
    setup_client_address(app, settings.trusted_proxies)
    setup_framing(app)
    setup_allowed_hosts(app, settings.host_names)
    setup_cors(app, settings.cors_origins)
    setup_sessions(
        app,
        database,
        signing_key=load_signing_key(settings.effective_signing_key_file),
        token_lifetime_seconds=settings.token_lifetime_seconds,
        secure_cookie=settings.is_https,
        attempts=shares.attempts,
    )
    app[app_keys.CONVERSATIONS] = database.conversations if settings.conversations else None
    app[app_keys.PAGE_FILES] = PAGE_FILES
    app[app_keys.OPENAI_REASONING_FIELDS] = settings.openai_reasoning_fields
    app[app_keys.ADDRESS_POLICY] = AddressPolicy(settings.allowed_public_upstreams)
    app[app_keys.REDIS_TROUBLE] = shares.trouble
    setup_routes(app)
    setup_draining(
        app, pre_stop_seconds=settings.pre_stop_seconds, drain_seconds=settings.drain_seconds
    )
    app.cleanup_ctx.append(_relay_context(settings, shares))
    app.on_shutdown.append(end_reading)
    return app


def _relay_context(
    settings: Settings, shares: Shares
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            relay = _open_relay(app, settings, shares)
            app[app_keys.RELAY] = await stack.enter_async_context(relay)
            yield

    return context


@asynccontextmanager
async def _open_relay(
    app: web.Application, settings: Settings, shares: Shares
) -> AsyncIterator[Relay]:
    registry = CollectorRegistry()
    health = SinkHealth(registry)
    context = SinkContext(settings={}, data_dir=settings.data_dir, registry=registry, health=health)
    factories = make_sink_factories(settings.sinks, settings.sink, context)
    upstream = Upstream(app[app_keys.ADDRESS_POLICY])
    live = LiveSinks()
    side_sinks = SideSinks({**factories, "live": live}, health)
    relay = Relay(
        upstream, side_sinks, admission=shares.admission, live_streams=app[app_keys.LIVE_STREAMS]
    )
    scraped = collector_of(registry, shared_metrics_directory())
    app[app_keys.METRICS] = scraped if "metrics" in factories else None
    app[LIVE_METRICS] = LiveMetrics(
        live,
        sink_losses=lambda: sum_by_sink(registry, "mlx_relay_sink_lost_total"),
        load_profiles=app[app_keys.REPOSITORY].profiles,
        profile_status=lambda profile_id: upstream.reachability(profile_id).status,
    )
    app[app_keys.METRICS_TOKEN] = settings.metrics_token
    app[app_keys.REACHABILITY] = upstream.reachability
    app[app_keys.PROFILE_TEST] = upstream.test
    app[app_keys.DEGRADED_SINKS] = health.degraded
    resumable = open_streams(
        relay,
        shares.redis,
        is_alone=settings.workers == 1,
        grace_seconds=settings.resume_grace_seconds,
    )
    async with side_sinks, resumable as streams:
        app[app_keys.STREAMS] = streams
        yield relay


def limits_of(settings: Settings) -> Limits:
    return Limits(
        max_streams=settings.max_streams,
        max_streams_per_user=settings.max_streams_per_user,
        max_queued=settings.max_queued,
        max_queued_per_user=settings.max_queued_per_user,
    )


def check_parser_is_compiled() -> None:
    """The pure-Python parser differs in what it lets through, so it is no substitute.

    Raises ConfigurationError.
    """
    if aiohttp.http_parser.HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise ConfigurationError("aiohttp's C parser is missing: install aiohttp from a wheel")
