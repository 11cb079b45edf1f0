"""Alive is one thing, ready another."""

import pytest

from mlx_relay.errors import Unavailable

from .conftest import Edge


async def test_a_running_server_is_alive_and_ready(edge: Edge) -> None:
    assert await edge.send("GET", "/healthz") == (200, {"status": "ok"})
    assert await edge.send("GET", "/readyz") == (200, {"status": "ready"})


async def test_a_server_on_its_way_down_is_alive_but_not_ready(edge: Edge) -> None:
    edge.draining.is_on = True
    assert (await edge.send("GET", "/healthz"))[0] == 200
    async with edge.client.get("/readyz") as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert (await answer.json())["error"]["code"] == "unavailable"


async def test_a_side_sink_in_trouble_is_named_and_the_server_is_ready_all_the_same(
    edge: Edge,
) -> None:
    edge.degraded_sinks["log"] = "No space left on device"
    assert await edge.send("GET", "/readyz") == (
        200,
        {"status": "degraded", "sinks": {"log": "No space left on device"}},
    )


async def test_without_redis_a_server_that_has_one_is_ready_all_the_same(edge: Edge) -> None:
    edge.redis_trouble.append("ConnectionError")
    answer = {"status": "degraded", "redis": "ConnectionError"}
    assert await edge.send("GET", "/readyz") == (200, answer)


async def test_without_its_database_a_server_is_not_ready(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise Unavailable

    monkeypatch.setattr(edge.repository, "ping", fail)
    assert (await edge.send("GET", "/readyz"))[0] == 503
    assert (await edge.send("GET", "/healthz"))[0] == 200
