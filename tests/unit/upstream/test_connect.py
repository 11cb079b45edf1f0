import asyncio
import socket
import time

import pytest

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Deadlines, Profile
from mlx_relay.upstream.addresses import AddressPolicy
from mlx_relay.upstream.connect import RETRY_SECONDS, Connector
from support.tcp import tcp_server


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


def connector() -> Connector:
    return Connector(AddressPolicy(), time.monotonic)


async def hang_up(*_: object) -> None:
    """The server closes a connection with which nobody talks."""


async def cause_of(profile: Profile) -> str:
    with pytest.raises(StreamError) as raised:
        await connector().connect(profile)
    assert raised.value.code == "upstream_unreachable"
    return raised.value.cause


async def test_a_name_with_several_addresses_leads_to_the_one_that_answers() -> None:
    async with tcp_server(hang_up) as port:
        transport, reader = await connector().connect(profile(port, host="localhost"))
        assert transport.get_extra_info("peername")[1] == port
        with pytest.raises(StreamError):
            await reader.head


async def test_a_server_that_takes_a_connection_and_resets_it_is_unreachable() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with tcp_server(reset) as port:
        for _ in range(20):
            _, reader = await connector().connect(profile(port))
            with pytest.raises(StreamError) as raised:
                await reader.head
            assert raised.value.cause == "closed"


async def test_a_port_where_nobody_listens_refuses() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await cause_of(profile(bound.getsockname()[1])) == "refused"


async def test_a_name_that_does_not_exist_is_dns() -> None:
    assert await cause_of(profile(1, host="nowhere.invalid")) == "dns"


async def test_a_server_without_tls_is_tls() -> None:
    async def speaks_plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with tcp_server(speaks_plainly) as port:
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


async def test_a_server_that_comes_back_at_once_is_reached_at_the_second_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        waits: list[float] = []

        async def restart(seconds: float) -> None:
            waits.append(seconds)
            bound.listen()

        monkeypatch.setattr("mlx_relay.upstream.connect.asyncio.sleep", restart)
        transport, _ = await connector().connect(profile(bound.getsockname()[1]))
        transport.abort()
    assert waits == [RETRY_SECONDS]


async def test_a_server_that_stays_away_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("mlx_relay.upstream.connect.asyncio.sleep", wait)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await cause_of(profile(bound.getsockname()[1])) == "refused"
    assert len(waits) == 1


class Resolver:
    """A DNS that says what a test wants, and notes which sockets are connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses = addresses
        self.connected: list[object] = []
        loop = asyncio.get_running_loop()
        self._sock_connect = loop.sock_connect
        monkeypatch.setattr(loop, "getaddrinfo", self.getaddrinfo)
        monkeypatch.setattr(loop, "sock_connect", self.sock_connect)

    async def getaddrinfo(self, _host: str, port: int, **_options: object) -> list[object]:
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in self.addresses
        ]

    async def sock_connect(self, connection: socket.socket, address: tuple[object, ...]) -> None:
        self.connected.append(address)
        await self._sock_connect(connection, address)


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["192.0.2.1"],
        ["::ffff:169.254.169.254", "fe80::1%lo", "64:ff9b::a9fe:a9fe", "0.0.0.0"],
    ],
)
async def test_a_name_that_leads_to_denied_addresses_alone_is_not_connected_to(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(monkeypatch, *addresses)
    assert await cause_of(profile(1, host="mac.local")) == "address_denied"
    assert resolver.connected == []


async def test_of_several_addresses_the_denied_ones_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with tcp_server(hang_up) as port:
        resolver = Resolver(monkeypatch, "169.254.169.254", "127.0.0.1", "192.0.2.1")
        transport, _ = await connector().connect(profile(port, host="mac.local"))
        transport.abort()
    assert resolver.connected == [("127.0.0.1", port)]


async def test_a_literal_address_is_judged_as_well() -> None:
    assert await cause_of(profile(80, host="169.254.169.254")) == "address_denied"
