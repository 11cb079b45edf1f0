"""The URL of a server in; whether it takes connections out."""

import asyncio
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0


async def silent_address(url: str, usual_port: int) -> str | None:
    """Return where nobody answers: host and port, or a socket's path; None if somebody does."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "127.0.0.1", parts.port or usual_port
    except ValueError:
        return "an address that is none"
    is_path = parts.scheme == "unix"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await (
                asyncio.open_unix_connection(parts.path)
                if is_path
                else asyncio.open_connection(host, port)
            )
    except (OSError, TimeoutError):
        return parts.path if is_path else f"{host}:{port}"
    writer.close()
    return None
