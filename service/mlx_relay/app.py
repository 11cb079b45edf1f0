"""Settings in; a running service out. The only module that knows every part."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp.http_parser
from aiohttp import web
from prometheus_client import CollectorRegistry

from mlx_relay.admission import Admission, Limits
from mlx_relay.auth.signing_key import load_signing_key
from mlx_relay.auth.throttle import LoginThrottle
from mlx_relay.config import Settings, shared_metrics_directory
from mlx_relay.errors import ConfigurationError
from mlx_relay.listening import BACKLOG, open_listeners, url_of
from mlx_relay.open_files import raise_open_file_limit
from mlx_relay.relay import Relay
from mlx_relay.sinks import SinkContext, make_sink_factories
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.metrics_live import LiveSinks
from mlx_relay.sinks.metrics_workers import collector_of
from mlx_relay.stopping import stop_on_signals
from mlx_relay.storage import Database, open_database
from mlx_relay.upstream import AddressPolicy, Upstream
from mlx_relay.web import app_keys
from mlx_relay.web.access_log import setup_access_log
from mlx_relay.web.allowed_hosts import setup_allowed_hosts
from mlx_relay.web.client_address import setup_client_address
from mlx_relay.web.connections import ConnectionRunner
from mlx_relay.web.cors import setup_cors
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.framing import setup_framing
from mlx_relay.web.headers import setup_headers
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics, end_watching
from mlx_relay.web.metrics import sum_by_sink
from mlx_relay.web.routes import setup_routes
from mlx_relay.web.sessions import setup_sessions

SHUTDOWN_SECONDS = 3.0
PAGE_FILES = Path(__file__).parent / "web" / "static"


async def serve(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; *on_ready* gets the URL once the port is open.

    Raises ConfigurationError for a setting or a database that keeps it from starting, CannotListen
    for the port.
    """
    stop = stop_on_signals()
    async with running(settings, Admission(limits_of(settings)), LoginThrottle()) as runner:
        listeners = await open_listeners(settings.host, settings.port)
        for listener in listeners:
            await web.SockSite(runner, listener, backlog=BACKLOG).start()
        on_ready(url_of(listeners))
        await stop.wait()


@asynccontextmanager
async def running(
    settings: Settings, admission: Admission, throttle: LoginThrottle
) -> AsyncIterator[web.AppRunner]:
    """Yield the service, which listens nowhere yet; its streams end with the block.

    *admission* and *throttle* are what processes that serve together share.
    """
    _check_parser_is_compiled()
    raise_open_file_limit()
    async with open_database(settings.effective_database_url) as database:
        runner = ConnectionRunner(
            make_app(settings, database, admission, throttle), shutdown_timeout=SHUTDOWN_SECONDS
        )
        await runner.setup()
        # What is here stays. To look through it again takes a tenth of a second, of every stream.
        gc.freeze()
        try:
            yield runner
        finally:
            await runner.cleanup()


def make_app(
    settings: Settings, database: Database, admission: Admission, throttle: LoginThrottle
) -> web.Application:
    """Return the application; its parts open and close with it."""
    app = web.Application()
    # The order matters: an error of a later concern is still answered by the first one.
    if settings.access_log:
        setup_access_log(app)
    setup_errors(app)
    setup_headers(app)
    setup_client_address(app, settings.trusted_proxies)
    setup_framing(app)
    setup_allowed_hosts(app, settings.host_names)
    setup_cors(app, settings.cors_origins)
    setup_sessions(
        app,
        database.repository,
        database.sign_ins,
        signing_key=load_signing_key(settings.data_dir / "signing.key"),
        token_lifetime_seconds=settings.token_lifetime_seconds,
        secure_cookie=settings.is_https,
        throttle=throttle,
    )
    app[app_keys.CONVERSATIONS] = database.conversations if settings.conversations else None
    app[app_keys.PAGE_FILES] = PAGE_FILES
    app[app_keys.ADDRESS_POLICY] = AddressPolicy(settings.allowed_public_upstreams)
    setup_routes(app)
    app.cleanup_ctx.append(_relay_context(settings, admission))
    app.on_shutdown.append(_end_streams)
    app.on_shutdown.append(end_watching)
    return app


def _relay_context(
    settings: Settings, admission: Admission
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            relay = _open_relay(app, settings, admission)
            app[app_keys.RELAY] = await stack.enter_async_context(relay)
            yield

    return context


@asynccontextmanager
async def _open_relay(
    app: web.Application, settings: Settings, admission: Admission
) -> AsyncIterator[Relay]:
    registry = CollectorRegistry()
    health = SinkHealth(registry)
    context = SinkContext(settings={}, data_dir=settings.data_dir, registry=registry, health=health)
    factories = make_sink_factories(settings.sinks, settings.sink, context)
    upstream = Upstream(app[app_keys.ADDRESS_POLICY])
    live = LiveSinks()
    side_sinks = SideSinks({**factories, "live": live}, health)
    relay = Relay(upstream, side_sinks, admission=admission)
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
    app[app_keys.IS_DRAINING] = lambda: relay.is_draining
    app[app_keys.DEGRADED_SINKS] = health.degraded
    async with side_sinks:
        yield relay


def limits_of(settings: Settings) -> Limits:
    return Limits(
        max_streams=settings.max_streams,
        max_streams_per_user=settings.max_streams_per_user,
        max_queued=settings.max_queued,
        max_queued_per_user=settings.max_queued_per_user,
    )


async def _end_streams(app: web.Application) -> None:
    app[app_keys.RELAY].shut_down()


def _check_parser_is_compiled() -> None:
    """The pure-Python parser differs in what it lets through, so it is no substitute."""
    if aiohttp.http_parser.HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise ConfigurationError("aiohttp's C parser is missing: install aiohttp from a wheel")
