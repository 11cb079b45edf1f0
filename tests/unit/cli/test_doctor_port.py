"""The port: free, a relay's own, or somebody else's."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlx_relay.cli.doctor_finding import Finding
from mlx_relay.cli.doctor_port import look_at_port
from mlx_relay.config import load_settings


async def look(tmp_path: Path, port: int, host: str = "127.0.0.1") -> Finding:
    return await look_at_port(load_settings(data_dir=tmp_path, host=host, port=port))


@asynccontextmanager
async def listener(status: int, body: object, name: str = "mlx-relay") -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers={"Server": name})

    app = web.Application()
    app.router.add_get("/readyz", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        assert server.port
        yield server.port


async def test_a_free_port_is_well_and_stays_free(tmp_path: Path, unused_tcp_port: int) -> None:
    assert (await look(tmp_path, unused_tcp_port)).ok
    socket.create_server(("127.0.0.1", unused_tcp_port)).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
async def test_a_relay_that_is_ready_may_have_the_port(tmp_path: Path, host: str) -> None:
    async with listener(200, {"status": "ready"}) as port:
        finding = await look(tmp_path, port, host)
    assert finding.ok
    assert "a relay listens and is ready" in finding.text


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (503, {"error": {}}, "not ready"),
        (200, {"status": "degraded", "sinks": {"log": "full"}}, "sinks in trouble: log"),
    ],
)
async def test_a_relay_that_is_not_well_is_named(
    tmp_path: Path, status: int, body: object, words: str
) -> None:
    async with listener(status, body) as port:
        finding = await look(tmp_path, port)
    assert not finding.ok
    assert words in finding.text


async def test_another_server_has_the_port(tmp_path: Path) -> None:
    async with listener(200, {"status": "ready"}, name="another") as port:
        finding = await look(tmp_path, port)
    assert not finding.ok
    assert f"127.0.0.1:{port} is in use" in finding.text


async def test_a_silent_program_has_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlx_relay.cli.doctor_port.ASK_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not (await look(tmp_path, silent.getsockname()[1])).ok


async def test_an_address_of_another_host_is_named(tmp_path: Path) -> None:
    finding = await look(tmp_path, 0, "192.0.2.1")
    assert "cannot listen" in finding.text
