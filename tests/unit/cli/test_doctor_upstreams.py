"""Each profile's server: it answers, or there is a word for why not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mlx_relay.cli.doctor_finding import Finding
from mlx_relay.cli.doctor_upstreams import look_at_upstreams
from mlx_relay.config import load_settings
from mlx_relay.profiles import Profile


@asynccontextmanager
async def server(status: int = 200) -> AsyncIterator[int]:
    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m"}]}, status=status)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    async with TestServer(app, host="127.0.0.1") as running:
        assert running.port
        yield running.port


async def look(tmp_path: Path, *profiles: dict[str, Any], **settings: Any) -> list[Finding]:
    made = [
        Profile(id=number, **{"name": "p", "host": "127.0.0.1", "model_path": "m", **fields})
        for number, fields in enumerate(profiles, 1)
    ]
    return await look_at_upstreams(load_settings(data_dir=tmp_path, **settings), made)


async def test_one_that_answers_is_well(tmp_path: Path) -> None:
    async with server() as port:
        known, unknown = await look(tmp_path, {"port": port}, {"port": port, "model_path": "x"})
    assert (known.ok, known.text) == (True, f"p (127.0.0.1:{port}): answers")
    assert (unknown.ok, unknown.text) == (
        True,
        f"p (127.0.0.1:{port}): answers, does not list x",
    )


@pytest.mark.parametrize(("status", "cure"), [(401, "api_key"), (500, "log of that server")])
async def test_one_that_refuses_is_named_with_a_cure(
    tmp_path: Path, status: int, cure: str
) -> None:
    async with server(status) as port:
        (finding,) = await look(tmp_path, {"port": port})
    assert not finding.ok
    assert cure in str(finding.cure)


async def test_one_that_is_off_is_named(tmp_path: Path, unused_tcp_port: int) -> None:
    (finding,) = await look(tmp_path, {"port": unused_tcp_port})
    assert "Is it running?" in finding.text
    assert "start the server" in str(finding.cure)


@pytest.mark.parametrize("host", ["169.254.169.254", "192.0.2.7"])
async def test_an_address_that_is_not_allowed_is_named_and_not_bothered(
    tmp_path: Path, host: str
) -> None:
    (finding,) = await look(tmp_path, {"host": host, "port": 1})
    assert "no connection may go" in finding.text
    assert "allowed_public_upstreams" in str(finding.cure)


async def test_a_name_that_nobody_knows_is_named(tmp_path: Path) -> None:
    (finding,) = await look(tmp_path, {"host": "no-such-host.invalid", "port": 1})
    assert not finding.ok
    assert "correct the host" in str(finding.cure)


async def test_a_list_that_is_wrong_is_named(tmp_path: Path) -> None:
    (finding,) = await look(tmp_path, allowed_public_upstreams="a/b")
    assert "allowed_public_upstreams" in finding.text
