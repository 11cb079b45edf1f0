import socket
from pathlib import Path

import pytest

from fake_mlx.live_server import BadAuthorities, BadUpstream, LiveServer, Unreachable
from fake_process import FakeProcess
from tls import tls_before


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://host", "http://"])
def test_an_upstream_is_an_http_address(url: str) -> None:
    with pytest.raises(BadUpstream):
        LiveServer(url)


def test_a_login_in_the_address_is_no_part_of_the_host() -> None:
    server = LiveServer("http://ada:secret@127.0.0.1:8000/base/")
    assert (server.authority, server.base_path) == ("127.0.0.1:8000", "/base")


def test_a_file_without_certificates_vouches_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(BadAuthorities, match=name):
            LiveServer("https://127.0.0.1", tmp_path / name)


async def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            await LiveServer(f"http://127.0.0.1:{bound.getsockname()[1]}").connect()


async def test_a_server_without_tls_is_unreachable_by_https(fake: FakeProcess) -> None:
    with pytest.raises(Unreachable):
        await LiveServer(fake.url.replace("http:", "https:")).connect()


async def test_only_who_is_vouched_for_is_connected_to(
    fake: FakeProcess, certificate: Path
) -> None:
    async with tls_before(fake, certificate) as url:
        reader, writer = await LiveServer(url, certificate).connect()
        writer.write(b"GET /health HTTP/1.0\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
        with pytest.raises(Unreachable, match="its certificate is refused"):
            await LiveServer(url).connect()
        wrong_name = url.replace("127.0.0.1", "localhost")
        with pytest.raises(Unreachable, match="its certificate is refused"):
            await LiveServer(wrong_name, certificate).connect()
