"""Who may read /metrics, and what it says."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from prometheus_client import CollectorRegistry, Counter

from mlx_relay.errors import Forbidden, NotFound
from mlx_relay.web.app_keys import METRICS, METRICS_TOKEN
from mlx_relay.web.metrics import scrape

TOKEN = "scrape-token-of-a-test"


def request(
    remote: str, *, authorization: str = "", token: str | None = TOKEN, is_on: bool = True
) -> web.Request:
    app = web.Application()
    registry = CollectorRegistry()
    Counter("streams", "Streams.", registry=registry).inc()
    app[METRICS] = registry if is_on else None
    app[METRICS_TOKEN] = token
    headers = {"Authorization": authorization} if authorization else {}
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
