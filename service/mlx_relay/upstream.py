"""A profile and a request body in; the upstream's bytes, pushed to a receiver, out.

The only module that knows the HTTP client. Whatever the client library or the upstream does wrong
becomes a StreamError here and nowhere else; nothing the upstream wrote is quoted in one.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, Self

import aiohttp
import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile, ProfileTest

READ_BUFFER_BYTES = 32 * 1024
"""Keeps what one stalled stream may hold small: aiohttp pauses at twice this."""

MAX_JSON_BYTES = 1024 * 1024
"""The largest answer that is taken whole, from a server that does not stream."""

LARGE_BODY_BYTES = 256 * 1024
"""A body beyond this (a request with images) is written piece by piece."""

TEST_SECONDS = 5.0
"""How long the test of a profile may take."""


class Receiver(Protocol):
    """Takes what an exchange brings; both calls are synchronous."""

    def data(self, data: bytes, at: float) -> None:
        """Take *data*, read at monotonic time *at*."""

    def end(self, failure: StreamError | None) -> None:
        """The body ended: as HTTP ends bodies (None), or by *failure*. Nothing follows."""


class Exchange(Protocol):
    """An answer whose head arrived. Leave the ``async with`` to close the connection at once."""

    @property
    def is_paused(self) -> bool: ...

    def pause(self) -> None:
        """Read no more until ``resume``; the kernel's buffers then stop the upstream."""

    def resume(self) -> None: ...

    async def pump(self, receiver: Receiver) -> None:
        """Push the body into *receiver* until it ends.

        Sets no deadline: aiohttp's reader can wait for ever on broken chunked framing, so whoever
        runs this must be ready to cancel it.
        """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc_info: object) -> None: ...


class Exchanges(Protocol):
    """Where exchanges come from."""

    async def open(self, profile: Profile, body: bytes) -> Exchange:
        """Send *body* to the profile's chat route and wait for the head of the answer.

        Raises StreamError: unreachable, timed out, refused, or not a chat stream.
        """


class HttpExchange:
    """An Exchange over aiohttp's client."""

    def __init__(self, response: aiohttp.ClientResponse, clock: Callable[[], float]) -> None:
        self._response = response
        self._clock = clock
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_stream = _check_head(response)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._response.close()

    @property
    def is_paused(self) -> bool:
        return not self._flowing.is_set()

    def pause(self) -> None:
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    async def pump(self, receiver: Receiver) -> None:
        try:
            if self._is_stream:
                async for data in self._response.content.iter_any():
                    receiver.data(data, self._clock())
                    await self._flowing.wait()
            else:
                receiver.data(await self._read_json_as_stream(), self._clock())
        except aiohttp.ClientPayloadError:
            receiver.end(None)
        except (aiohttp.ClientError, OSError) as error:
            receiver.end(_failure_in_body(error))
        except StreamError as failure:
            receiver.end(failure)
        else:
            receiver.end(None)

    async def _read_json_as_stream(self) -> bytes:
        """Return a whole JSON answer as the one message of a stream."""
        body = bytearray()
        async for data in self._response.content.iter_any():
            body += data
            if len(body) > MAX_JSON_BYTES:
                raise StreamError("limit_exceeded", "event_too_large")
        return b"data: " + body.translate(None, b"\r\n") + b"\n\ndata: [DONE]\n\n"


class Upstream:
    """Opens exchanges with the servers that profiles name; one client session per process."""

    def __init__(
        self, session: aiohttp.ClientSession, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._clock = clock
        self._reachable: dict[int, bool] = {}

    def status(self, profile_id: int) -> str:
        """Return ``up``, ``down`` or ``unknown``: what the last exchange showed."""
        reachable = self._reachable.get(profile_id)
        return "unknown" if reachable is None else "up" if reachable else "down"

    async def open(self, profile: Profile, body: bytes) -> HttpExchange:
        """See Exchanges."""
        deadlines = profile.deadlines
        try:
            async with asyncio.timeout(deadlines.response_head):
                response = await self._request(profile, "POST", "/chat/completions", body)
        except TimeoutError as error:
            raise self._noted(profile, _failure_before_head(error)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._noted(profile, _failure_before_head(error)) from None
        self._reachable[profile.id] = True
        try:
            return HttpExchange(response, self._clock)
        except StreamError:
            response.close()
            raise

    async def test(self, profile: Profile) -> ProfileTest:
        """Ask the profile's server for its models: does it answer, and with what names?"""
        try:
            async with asyncio.timeout(TEST_SECONDS):
                response = await self._request(profile, "GET", "/models", None)
                async with response:
                    _check_status(response.status)
                    body = await response.content.read(MAX_JSON_BYTES)
        except StreamError as failure:
            return ProfileTest(ok=False, code=failure.code, content=failure.sentence)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            noted = self._noted(profile, _failure_before_head(error))
            return ProfileTest(ok=False, code=noted.code, content=noted.sentence)
        self._reachable[profile.id] = True
        return ProfileTest(ok=True, models=_model_names(body))

    async def _request(
        self, profile: Profile, method: str, path: str, body: bytes | None
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if profile.api_key:
            headers["Authorization"] = f"Bearer {profile.api_key}"
        connect = profile.deadlines.connect
        return await self._session.request(
            method,
            profile.base_url + path,
            data=_payload(body),
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=None),
        )

    def _noted(self, profile: Profile, failure: StreamError) -> StreamError:
        if failure.code == "upstream_unreachable":
            self._reachable[profile.id] = False
        return failure


@asynccontextmanager
async def open_upstream() -> AsyncIterator[Upstream]:
    """Yield the Upstream of this process; its session closes with the context."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=READ_BUFFER_BYTES,
    )
    async with session:
        yield Upstream(session)


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """Return what aiohttp writes with a Content-Length: a large body in pieces, not at once."""
    return io.BytesIO(body) if body and len(body) > LARGE_BODY_BYTES else body


def _check_head(response: aiohttp.ClientResponse) -> bool:
    """Return whether the body is an event stream (else it is one JSON answer)."""
    _check_status(response.status)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise StreamError("upstream_protocol", "encoding")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in ("text/event-stream", "application/json"):
        raise StreamError("upstream_protocol", "content_type")
    return media_type == "text/event-stream"


def _check_status(status: int) -> None:
    if status == 200:
        return
    code, cause = _describe_status(status)
    raise StreamError(code, cause, upstream_status=status)


def _describe_status(status: int) -> tuple[str, str]:
    if status == 429:
        return "upstream_busy", "429"
    if status in (401, 403):
        return "upstream_rejected", "auth"
    if 400 <= status < 500:
        return "upstream_rejected", "4xx"
    if 500 <= status < 600:
        return "upstream_error", "5xx"
    if 300 <= status < 400:
        return "upstream_protocol", "redirect"
    return "upstream_protocol", "bad_status"


_BEFORE_HEAD: tuple[tuple[type[BaseException], str, str], ...] = (
    (aiohttp.ClientConnectorDNSError, "upstream_unreachable", "dns"),
    (aiohttp.ClientConnectorCertificateError, "upstream_unreachable", "tls"),
    (aiohttp.ClientSSLError, "upstream_unreachable", "tls"),
    (aiohttp.ServerFingerprintMismatch, "upstream_unreachable", "tls"),
    (aiohttp.ClientConnectorError, "upstream_unreachable", "refused"),
    (aiohttp.ConnectionTimeoutError, "upstream_unreachable", "connect_timeout"),
    (aiohttp.ServerDisconnectedError, "upstream_unreachable", "closed"),
    (aiohttp.ServerTimeoutError, "upstream_timeout", "header_timeout"),
    (aiohttp.ClientConnectionError, "upstream_unreachable", "closed"),
    (aiohttp.InvalidURL, "upstream_unreachable", "dns"),
    (aiohttp.ClientError, "upstream_protocol", "protocol"),
    (TimeoutError, "upstream_timeout", "header_timeout"),
    (OSError, "upstream_unreachable", "closed"),
    (ValueError, "upstream_unreachable", "dns"),
)
"""What an error before the head means; the first class that fits decides."""


def _failure_before_head(error: BaseException) -> StreamError:
    for kind, code, cause in _BEFORE_HEAD:
        if isinstance(error, kind):
            return StreamError(code, cause)
    raise error


def _failure_in_body(error: BaseException) -> StreamError | None:
    """Return the failure, or None where the connection just ended: then what came decides."""
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return None
    return StreamError("upstream_protocol", "protocol")


def _model_names(body: bytes) -> list[str]:
    try:
        models = msgspec.json.decode(body)["data"]
        return [model["id"] for model in models if isinstance(model["id"], str)]
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
