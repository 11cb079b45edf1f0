"""Listening sockets: every address, a free port, and one line for what is in the way."""

import socket
import sys

import pytest

from mlx_relay.errors import CannotListen
from mlx_relay.listening import VANISHED_SECONDS, open_listeners, url_of
from mlx_relay.sinks.sse import STALL_SECONDS


async def test_port_0_is_a_free_port_that_the_url_names() -> None:
    (listener,) = await open_listeners("127.0.0.1", 0)
    with listener:
        host, port = listener.getsockname()
        assert url_of([listener]) == f"http://{host}:{port}"
        socket.create_connection((host, port)).close()


async def test_an_address_of_ipv6_stands_in_brackets() -> None:
    try:
        (listener,) = await open_listeners("::1", 0)
    except CannotListen as error:
        assert "cannot listen" in str(error)  # noqa: PT017 - a host without IPv6
        return
    with listener:
        assert url_of([listener]).startswith("http://[::1]:")


async def test_a_busy_port_is_named_with_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} is in use: .*--port"):
            await open_listeners("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(CannotListen, match=rf"{host}:0: cannot listen: "):
        await open_listeners(host, 0)


async def test_the_kernel_looks_after_the_clients_of_a_listener() -> None:
    (listener,) = await open_listeners("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
    with connection:
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if sys.platform == "linux":
            patience = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert patience == VANISHED_SECONDS * 1000


def test_the_kernel_is_more_patient_than_the_sink() -> None:
    assert VANISHED_SECONDS > STALL_SECONDS
