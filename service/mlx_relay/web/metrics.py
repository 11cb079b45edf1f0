"""``GET /metrics``: the metrics, in Prometheus' text format or, where asked for, OpenMetrics.

For a scraper on this host, or one that brings the scrape token.
"""

import hmac
from collections import Counter
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from mlx_relay.errors import Forbidden, NotFound
from mlx_relay.web.app_keys import METRICS, METRICS_TOKEN
from mlx_relay.web.client_address import is_from_this_host


async def scrape(request: web.Request) -> web.Response:
    collector = request.app[METRICS]
    if collector is None:
        raise NotFound("The metrics sink is off.")
    if not (is_from_this_host(request) or _has_token(request)):
        raise Forbidden("Metrics are for this host, or for a scraper with the token.")
    encode, content_type = _choose_format(request.headers.get("Accept", ""))
    return web.Response(body=encode(collector), headers={"Content-Type": content_type})


def _choose_format(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no version
        return choose_encoder("")


def sum_by_sink(registry: CollectorRegistry, counter: str) -> dict[str, int]:
    """Return what *counter* counted in this process, for each value of its label ``sink``."""
    sums: Counter[str] = Counter()
    for metric in registry.restricted_registry([counter]).collect():
        for sample in metric.samples:
            if sample.name == counter:
                sums[sample.labels["sink"]] += int(sample.value)
    return dict(sums)


def _has_token(request: web.Request) -> bool:
    token = request.app[METRICS_TOKEN]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token is not None and hmac.compare_digest(given.encode(), token.encode())
