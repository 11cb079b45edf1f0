"""A relay's address and a token in; its profiles and the events of a stream out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec

from mlx_relay.cli.failures import CommandFailed
from mlx_relay.errors import InvalidRequest
from mlx_relay.events import AnyEvent, Done, Error, decode
from mlx_relay.pipeline.sse import Decoder, Message

CONNECT_SECONDS: Final = 10.0


class RelayClient:
    """Speaks the wire contract with one relay; what goes wrong is a CommandFailed."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def find_profile(self, name: str | None) -> int:
        """Return the id of the profile *name*, or of the first one that is enabled."""
        async with self._session.get("api/profiles", allow_redirects=False) as answer:
            await _require_ok(answer, "application/json")
            profiles: list[dict[str, Any]] = await answer.json()
        names = {one["name"]: one["id"] for one in profiles if one.get("enabled", True)}
        if not names:
            raise CommandFailed("The relay has no profile that you may use.")
        if name is None:
            return int(next(iter(names.values())))
        if name not in names:
            raise CommandFailed(f"There is no profile {name!r}; there are: {', '.join(names)}.")
        return int(names[name])

    async def stream(self, profile_id: int, prompt: str) -> AsyncIterator[AnyEvent]:
        """Yield the events of a chat, the last of them terminal."""
        messages = [{"role": "user", "content": prompt}]
        body = {"profile_id": profile_id, "messages": messages}
        decoder = Decoder()
        async with self._session.post(
            "api/chat/completions", json=body, allow_redirects=False
        ) as answer:
            await _require_ok(answer, "text/event-stream")
            async for data in answer.content.iter_any():
                for event in _events(decoder.feed(data)):
                    yield event
                    if isinstance(event, Done | Error):
                        return
        raise CommandFailed("The relay stopped before the answer was complete.")


@asynccontextmanager
async def open_client(url: str, token: str) -> AsyncIterator[RelayClient]:
    """Yield a client of the relay at *url*; nothing is asked of it yet."""
    try:
        async with aiohttp.ClientSession(
            base_url=f"{url.rstrip('/')}/",
            headers={"Authorization": f"Bearer {token.strip()}"},
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        ) as session:
            yield RelayClient(session)
    except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError, TimeoutError):
        raise CommandFailed(f"Cannot reach {url}: is mlx-relay serving there?") from None
    except ValueError as error:
        # aiohttp's word for an address or a token that cannot be sent.
        raise InvalidRequest(f"url or token: {error}") from None
    except (aiohttp.ClientError, OSError):
        raise CommandFailed(f"The connection to {url} broke.") from None


def _events(messages: list[Message]) -> list[AnyEvent]:
    """Return the events that we know: a newer relay may have more."""
    events = []
    for message in messages:
        try:
            events.append(decode(message.data))
        except msgspec.DecodeError:
            continue
    return events


async def _require_ok(answer: aiohttp.ClientResponse, content_type: str) -> None:
    if answer.status == HTTPStatus.OK and answer.content_type == content_type:
        return
    raise CommandFailed(_message(await answer.read()) or _not_a_relay(answer))


def _message(body: bytes) -> str | None:
    """Return the sentence of an error body as the contract has it."""
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return None


def _not_a_relay(answer: aiohttp.ClientResponse) -> str:
    return f"What answers there is not a relay (HTTP {answer.status}, {answer.content_type})."
