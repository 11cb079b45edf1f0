"""Who may read /metrics, and what it says."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry, Counter

from mlx_relay.errors import Forbidden, NotFound
from mlx_relay.web.app_keys import METRICS, METRICS_TOKEN
from mlx_relay.web.client_address import TRUSTED_PROXIES
from mlx_relay.web.metrics import scrape, sum_by_sink

TOKEN = "scrape-token-of-a-test"


def request(
    remote: str,
    *,
    authorization: str = "",
    token: str | None = TOKEN,
    is_on: bool = True,
    accept: str = "",
) -> web.Request:
    app = web.Application()
    registry = CollectorRegistry()
    Counter("streams", "Streams.", registry=registry).inc()
    app[METRICS] = registry if is_on else None
    app[METRICS_TOKEN] = token
    app[TRUSTED_PROXIES] = ()
    given = {"Authorization": authorization, "Accept": accept}
    headers = {name: value for name, value in given.items() if value}
    return make_mocked_request("GET", "/metrics", headers, app=app).clone(remote=remote)


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_this_host_may_read_them(remote: str) -> None:
    answer = await scrape(request(remote))
    assert isinstance(answer.body, bytes)
    assert b"streams_total 1.0" in answer.body
    assert answer.headers["Content-Type"].startswith("text/plain; version=")


async def test_another_host_may_with_the_token() -> None:
    answer = await scrape(request("192.0.2.1", authorization=f"Bearer {TOKEN}"))
    assert answer.status == 200


@pytest.mark.parametrize(
    ("remote", "authorization", "token"),
    [
        ("192.0.2.1", "", TOKEN),
        ("192.0.2.1", "Bearer wrong", TOKEN),
        ("192.0.2.1", "Bearer \u00e9", TOKEN),
        ("192.0.2.1", "", None),
        ("192.0.2.1", "Bearer ", None),
        ("nonsense", "", TOKEN),
    ],
)
async def test_nobody_else_may(remote: str, authorization: str, token: str | None) -> None:
    with pytest.raises(Forbidden):
        await scrape(request(remote, authorization=authorization, token=token))


async def test_there_are_none_when_the_sink_is_off() -> None:
    with pytest.raises(NotFound):
        await scrape(request("127.0.0.1", is_on=False))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("*/*", "text/plain; version=0.0.4"),
        ("text/plain; version=1.0.0", "text/plain; version=1.0.0"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
        ("application/openmetrics-text; version=x.y", "text/plain; version=0.0.4"),
    ],
)
async def test_the_scraper_chooses_the_format(accept: str, content_type: str) -> None:
    answer = await scrape(request("127.0.0.1", accept=accept))
    assert answer.headers["Content-Type"].startswith(content_type)
    assert isinstance(answer.body, bytes)
    assert answer.body.endswith(b"# EOF\n") == content_type.startswith("application")


def test_a_counter_is_summed_by_sink() -> None:
    registry = CollectorRegistry()
    lost = Counter("lost", "Lost.", ("sink", "what"), registry=registry)
    lost.labels("log", "records").inc(2)
    lost.labels("log", "events").inc(3)
    lost.labels("redis", "records").inc()
    assert sum_by_sink(registry, "lost_total") == {"log": 5, "redis": 1}
    assert sum_by_sink(registry, "nothing_total") == {}
