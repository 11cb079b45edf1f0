"""A profile and a request body in; the upstream's bytes, pushed to a receiver, out.

The only package that knows sockets and HTTP towards an upstream. Whatever goes wrong there becomes
a StreamError here and nowhere else.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile, ProfileTest
from mlx_relay.upstream.connect import connect
from mlx_relay.upstream.exchange import Exchange, HttpExchange, Whole, check_head
from mlx_relay.upstream.failures import failure_of_status, failure_to_connect
from mlx_relay.upstream.requests import request
from mlx_relay.upstream.response import Head, Receiver, ResponseReader

TEST_SECONDS = 5.0
"""How long the test of a profile may take."""

__all__ = ["Exchange", "Exchanges", "Receiver", "Upstream"]


class Exchanges(Protocol):
    """Where exchanges come from."""

    async def open(self, profile: Profile, body: bytes) -> Exchange:
        """Send *body* to the profile's chat route and wait for the head of the answer.

        Raises StreamError: unreachable, timed out, refused, or not a chat stream.
        """


class Upstream:
    """Opens exchanges with the servers that profiles name; one per process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tls = ssl.create_default_context()
        self._reachable: dict[int, bool] = {}

    def status(self, profile_id: int) -> str:
        """Return ``up``, ``down`` or ``unknown``: what the last exchange showed."""
        reachable = self._reachable.get(profile_id)
        return "unknown" if reachable is None else "up" if reachable else "down"

    async def open(self, profile: Profile, body: bytes) -> HttpExchange:
        """See Exchanges."""
        try:
            async with asyncio.timeout(profile.deadlines.response_head):
                opened = self._request(profile, "POST", "/chat/completions", body)
                transport, reader, head = await opened
        except TimeoutError:
            raise StreamError("upstream_timeout", "header_timeout") from None
        try:
            return HttpExchange(transport, reader, is_stream=check_head(head))
        except StreamError:
            transport.abort()
            raise

    async def test(self, profile: Profile) -> ProfileTest:
        """Ask the profile's server for its models: does it answer, and with what names?"""
        try:
            async with asyncio.timeout(TEST_SECONDS):
                return ProfileTest(ok=True, models=_model_names(await self._models(profile)))
        except TimeoutError:
            failure = StreamError("upstream_timeout", "header_timeout")
        except StreamError as error:
            failure = error
        return ProfileTest(ok=False, code=failure.code, content=failure.sentence)

    async def _models(self, profile: Profile) -> bytes:
        transport, reader, head = await self._request(profile, "GET", "/models", None)
        try:
            if failure := failure_of_status(head.status):
                raise failure
            whole = Whole()
            reader.deliver_to(whole)
            await reader.over
            return bytes(whole.body)
        finally:
            transport.abort()

    async def _request(
        self, profile: Profile, method: str, path: str, body: bytes | None
    ) -> tuple[asyncio.Transport, ResponseReader, Head]:
        """Send a request and wait for the head; the caller closes the transport."""
        try:
            pieces = request(profile, method, path, body)
        except ValueError as error:
            raise failure_to_connect(error) from None
        try:
            transport, reader = await connect(profile, self._tls, self._clock)
        except StreamError:
            self._reachable[profile.id] = False
            raise
        try:
            transport.writelines(pieces)
            head = await reader.head
        except BaseException as error:
            transport.abort()
            if isinstance(error, StreamError) and error.code == "upstream_unreachable":
                self._reachable[profile.id] = False
            raise
        self._reachable[profile.id] = True
        return transport, reader, head


def _model_names(body: bytes) -> list[str]:
    try:
        models = msgspec.json.decode(body)["data"]
        return [model["id"] for model in models if isinstance(model["id"], str)]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
