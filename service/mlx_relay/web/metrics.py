"""``GET /metrics``: the process's metrics in Prometheus' text format.

For a scraper on this host, or one that brings the scrape token.
"""

import hmac
import ipaddress

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from mlx_relay.errors import Forbidden, NotFound
from mlx_relay.web.app_keys import METRICS, METRICS_TOKEN


async def scrape(request: web.Request) -> web.Response:
    registry = request.app[METRICS]
    if registry is None:
        raise NotFound("The metrics sink is off.")
    if not (_is_loopback(request.remote) or _has_token(request)):
        raise Forbidden("Metrics are for this host, or for a scraper with the token.")
    return web.Response(body=_render(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _render(registry: CollectorRegistry) -> bytes:
    return generate_latest(registry)


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _has_token(request: web.Request) -> bool:
    token = request.app[METRICS_TOKEN]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token is not None and hmac.compare_digest(given.encode(), token.encode())
