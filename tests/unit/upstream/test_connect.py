import asyncio
import socket
import ssl
import time

import pytest

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Deadlines, Profile
from mlx_relay.upstream.connect import connect


def profile(port: int, **fields: str) -> Profile:
    host = fields.pop("host", "127.0.0.1")
    return Profile(
        id=1,
        name="p",
        host=host,
        port=port,
        model_path="m",
        deadlines=Deadlines(connect=0.2),
        **fields,  # type: ignore[arg-type]  # only scheme
    )


async def cause_of(profile: Profile) -> str:
    with pytest.raises(StreamError) as raised:
        await connect(profile, ssl.create_default_context(), time.monotonic)
    assert raised.value.code == "upstream_unreachable"
    return raised.value.cause


async def test_a_name_with_several_addresses_leads_to_the_one_that_answers() -> None:
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        transport, reader = await connect(
            profile(port, host="localhost"), ssl.create_default_context(), time.monotonic
        )
        assert transport.get_extra_info("peername")[1] == port
        with pytest.raises(StreamError):
            await reader.head


async def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await cause_of(profile(bound.getsockname()[1])) == "refused"


async def test_a_name_that_does_not_exist_is_dns() -> None:
    assert await cause_of(profile(1, host="nowhere.invalid")) == "dns"


async def test_a_server_without_tls_is_tls() -> None:
    async def speaks_plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(speaks_plainly, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        assert await cause_of(profile(port, scheme="https")) == "tls"


async def test_a_server_that_takes_no_connection_runs_into_the_deadline() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        filled = [socket.create_connection(listener.getsockname()) for _ in range(1)]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        try:
            assert await cause_of(profile(listener.getsockname()[1])) == "connect_timeout"
        finally:
            for client in [*filled, *waiting]:
                client.close()
