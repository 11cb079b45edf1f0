"""A relay's address and a token in; its profiles and the events of a stream out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from mlx_relay.cli.failures import CommandFailed
from mlx_relay.errors import InvalidRequest
from mlx_relay.events import AnyEvent, Done, Error, decode
from mlx_relay.pipeline.sse import Decoder, Message

CONNECT_SECONDS: Final = 10.0


class _Profile(msgspec.Struct):
    """What we need to know of a profile; only administrators see disabled ones."""

    id: int
    name: str
    enabled: bool = True


class RelayClient:
    """Speaks the wire contract with one relay; what goes wrong is a CommandFailed."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def find_profile(self, name: str | None) -> int:
        """Return the id of the profile *name*, or of the first one that is enabled."""
        async with self._session.get("api/profiles", allow_redirects=False) as answer:
            await _require_ok(answer, "application/json")
            profiles = msgspec.json.decode(await answer.read(), type=list[_Profile])
        names = {profile.name: profile.id for profile in profiles if profile.enabled}
        if not names:
            raise CommandFailed("The relay has no profile that you may use.")
        if name is None:
            return next(iter(names.values()))
        if name not in names:
            raise CommandFailed(f"There is no profile {name!r}; there are: {', '.join(names)}.")
        return names[name]

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
            base_url=_checked_url(url),
            headers={"Authorization": f"Bearer {_checked_token(token)}"},
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        ) as session:
            yield RelayClient(session)
    except (aiohttp.ClientConnectorError, TimeoutError):
        raise CommandFailed(f"Cannot reach {url}: is mlx-relay serving there?") from None
    except aiohttp.ClientError:
        raise CommandFailed(f"The connection to {url} broke.") from None
    except msgspec.DecodeError:
        raise CommandFailed(f"What answers at {url} is not a relay.") from None


def _checked_url(text: str) -> URL:
    try:
        url = URL(f"{text.rstrip('/')}/")
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidRequest("url: It must look like http://127.0.0.1:8080.")
    return url


def _checked_token(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidRequest("token: It is neither an API key nor a token.")
    return text


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
    message = _message(await answer.read())
    if message is None:
        kind = f"HTTP {answer.status}, {answer.content_type}"
        raise CommandFailed(f"What answers at {answer.url.origin()} is not a relay ({kind}).")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise CommandFailed(f"The relay does not take this token: {message}")
    raise CommandFailed(message)


def _message(body: bytes) -> str | None:
    """Return the sentence of an error body as the contract has it."""
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return None
