"""The URL of a live server in; connections to it out, over TLS where it is https."""

import asyncio
import ssl
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_PORTS: Final = {"http": 80, "https": 443}


class BadUpstream(ValueError):
    """An address that is no http or https URL."""


class BadAuthorities(ValueError):
    """A file that cannot be read, or holds no certificates."""


class Unreachable(Exception):
    """A server that could not be connected to, or is not who it says; the text says why."""


class LiveServer:
    """The server at *url*, http or https.

    Its certificate is checked against the system's authorities (or those that SSL_CERT_FILE names)
    and those in the PEM file *authorities*. Raises BadUpstream or BadAuthorities.
    """

    def __init__(self, url: str, authorities: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadUpstream(f"{url!r} is not http://HOST:PORT")
        self.authority = parts.netloc.rpartition("@")[2]
        self.base_path = parts.path.rstrip("/")
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = _tls(authorities) if parts.scheme == "https" else None

    async def connect(self) -> Streams:
        """Return a connection of its own; raises Unreachable."""
        try:
            return await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        except OSError as error:
            raise Unreachable(_reason(error)) from error


def _tls(authorities: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authorities:
        try:
            context.load_verify_locations(authorities)
        except OSError as error:
            raise BadAuthorities(f"{authorities}: {_reason(error)}") from error
    return context


def _reason(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {error.verify_message}"
        case ssl.SSLError():
            return error.reason or "no TLS"
        case _:
            return error.strerror or str(error)
