"""TLS before a running fake: a certificate of its own, and a server that passes bytes on."""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fake_process import FakeProcess
from support.tcp import tcp_server


def make_certificate(folder: Path) -> Path:
    """Return a PEM file with a key, and a certificate for 127.0.0.1 that vouches for itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate, both = (folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    command = "openssl req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    names = ["-subj", "/CN=fake-mlx", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


@asynccontextmanager
async def tls_before(fake: FakeProcess, certificate: Path) -> AsyncIterator[str]:
    """Yield the https URL of a server that decrypts and passes on to *fake*."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source, drain = await asyncio.open_connection(*fake.address)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, drain))
                group.create_task(_pump(source, writer))
        finally:
            drain.transport.abort()

    async with tcp_server(serve, tls=context) as port:
        yield f"https://127.0.0.1:{port}"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(64 * 1024):
            writer.write(data)
            await writer.drain()
    writer.close()
