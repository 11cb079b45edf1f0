"""A server that takes connections, and addresses where nobody does."""

import asyncio

import pytest

from mlx_relay.cli.doctor_servers import silent_address
from support.tcp import tcp_server


async def test_one_that_takes_connections_is_not_silent() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with tcp_server(close) as port:
        assert await silent_address(f"redis://127.0.0.1:{port}/0", 1) is None
        assert await silent_address("redis://127.0.0.1/0", port) is None


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://:secret@127.0.0.1:{}/0", "127.0.0.1:{}"),
        ("unix:///nowhere/redis", "/nowhere/redis"),
        ("redis://127.0.0.1:port/0", "an address that is none"),
    ],
)
async def test_where_nobody_answers_is_named_without_a_password(
    url: str, where: str, unused_tcp_port: int
) -> None:
    found = await silent_address(url.format(unused_tcp_port), unused_tcp_port)
    assert found == where.format(unused_tcp_port)
