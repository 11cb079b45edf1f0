"""Settings in; findings about the address to listen on, and about a relay that is there, out."""

import ipaddress

import aiohttp

from mlx_relay.cli.doctor_finding import Finding, from_error, ill, well
from mlx_relay.config import Settings
from mlx_relay.errors import CannotListen
from mlx_relay.listening import open_listeners

ASK_SECONDS = 3.0
OUR_NAME = "mlx-relay"


async def look_at_port(settings: Settings) -> Finding:
    """Whether the relay could listen, or does."""
    where = f"{settings.host}:{settings.port}"
    try:
        listeners = await open_listeners(settings.host, settings.port)
    except CannotListen as error:
        return await _ask_who_listens(settings) or from_error(
            "port", error, "see the settings host and port"
        )
    for listener in listeners:
        listener.close()
    return well("port", f"{where} is free")


async def _ask_who_listens(settings: Settings) -> Finding | None:
    """Return how the relay that listens is; None if it is no relay."""
    url = f"http://{_reachable(settings.host)}:{settings.port}"
    timeout = aiohttp.ClientTimeout(total=ASK_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/readyz", allow_redirects=False) as answer,
        ):
            if answer.headers.get("Server") != OUR_NAME:
                return None
            return _judge(url, answer.status, await answer.json())
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        return None


def _judge(url: str, status: int, body: dict[str, object]) -> Finding:
    if status != 200:
        return ill("port", f"{url}: a relay listens, and is not ready", "look at its process log")
    if sinks := body.get("sinks"):
        names = ", ".join(sinks) if isinstance(sinks, dict) else ""
        return ill(
            "port", f"{url}: a relay listens, with sinks in trouble: {names}", f"see {url}/readyz"
        )
    return well("port", f"{url}: a relay listens and is ready")


def _reachable(host: str) -> str:
    """Return where to ask one that listens on *host*, which may be every address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return str(address) if address.version == 4 else f"[{address}]"
