"""A profile and a request body in; the upstream's bytes, pushed to a receiver, out.

The only package that knows sockets and HTTP towards an upstream. Whatever goes wrong there becomes
a StreamError here and nowhere else.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile, ProfileTest, Reachability
from mlx_relay.upstream.addresses import AddressPolicy
from mlx_relay.upstream.breaker import Breakers
from mlx_relay.upstream.connect import Connector
from mlx_relay.upstream.exchange import Exchange, HttpExchange, Whole, check_head
from mlx_relay.upstream.failures import failure_of_status, failure_to_connect
from mlx_relay.upstream.requests import request
from mlx_relay.upstream.response import Head, Receiver, ResponseReader

TEST_SECONDS = 5.0
"""How long the test of a profile may take."""

__all__ = ["AddressPolicy", "Exchange", "Exchanges", "Head", "OnHead", "Receiver", "Upstream"]


OnHead: TypeAlias = Callable[[Head], None]


class Exchanges(Protocol):
    """Where exchanges come from."""

    async def open(self, profile: Profile, body: bytes, on_head: OnHead = ...) -> Exchange:
        """Send *body* to the profile's chat route and wait for the head of the answer.

        *on_head* is given the head, also one that is refused.

        Raises StreamError: unreachable, timed out, refused, or not a chat stream.
        """


class Upstream:
    """Opens exchanges with the servers that profiles name; one per process.

    Connections go only where *policy* lets them.
    """

    def __init__(self, policy: AddressPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._connector = Connector(policy, clock)
        self._breakers = Breakers(clock)

    def reachability(self, profile_id: int) -> Reachability:
        """Return what the last exchanges showed."""
        return self._breakers.reachability(profile_id)

    async def open(
        self, profile: Profile, body: bytes, on_head: OnHead = lambda _: None
    ) -> HttpExchange:
        """See Exchanges. Fails at once while the server counts as dead."""
        self._breakers.of(profile).check()
        try:
            async with asyncio.timeout(profile.deadlines.response_head):
                opened = self._request(profile, "POST", "/chat/completions", body)
                transport, reader, head = await opened
        except TimeoutError:
            raise StreamError("upstream_timeout", "header_timeout") from None
        on_head(head)
        try:
            return HttpExchange(transport, reader, is_stream=check_head(head))
        except StreamError:
            transport.abort()
            raise

    async def test(self, profile: Profile) -> ProfileTest:
        """Ask the profile's server for its models: does it answer, and with what names?

        It is asked also while it counts as dead.
        """
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
        breaker = self._breakers.of(profile)
        try:
            transport, reader = await self._connector.connect(profile)
            breaker.connected()
            head = await _answer(transport, reader, pieces)
        except StreamError as failure:
            if failure.code == "upstream_unreachable":
                breaker.failed(failure.cause)
            else:
                breaker.succeeded()
            raise
        breaker.succeeded()
        return transport, reader, head


async def _answer(
    transport: asyncio.Transport, reader: ResponseReader, pieces: list[bytes]
) -> Head:
    try:
        transport.writelines(pieces)
        return await reader.head
    except BaseException:
        transport.abort()
        raise


def _model_names(body: bytes) -> list[str]:
    try:
        models = msgspec.json.decode(body)["data"]
        return [model["id"] for model in models if isinstance(model["id"], str)]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
