"""Questions for Redis in; its answers, in the order of the questions, out; None while it is away.

One task carries all questions, those that came meanwhile together. So who asks need not live until
the answer comes, and what is asked first is done first. While Redis is away nobody waits for it.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

RETRY_SECONDS: Final = 0.5

Reply: TypeAlias = Any
"""What a script returned: numbers, bytes, or lists of them."""
Answer: TypeAlias = Callable[[Reply | None], None]
Words: TypeAlias = Sequence[str | int]

_log = structlog.get_logger(__name__)


class Question(NamedTuple):
    """A script, its keys and its arguments, and who wants to know."""

    script: str
    keys: Words
    arguments: Words
    answer: Answer


class Tenant(Protocol):
    """Whose state in Redis the link keeps alive."""

    def come(self) -> Question:
        """Return what to say first when Redis is there, and whenever it has forgotten us."""

    def go(self) -> Question:
        """Return what to say last."""

    def routine(self, now: float) -> list[Question]:
        """Return what is to be asked now; *now* is monotonic."""

    @property
    def pause(self) -> float:
        """For how many seconds there is nothing to ask."""

    def went(self) -> None:
        """Redis is away: answer for it."""


class Stale(Exception):
    """Redis does not know us any more: it lost its memory, or we were silent for too long.

    Raised by an answer, which is then asked for again.
    """


class Link:
    """The way of one process to Redis."""

    def __init__(self, redis: Redis, scripts: Mapping[str, str]) -> None:
        self.is_up = False
        self.trouble: str | None = "not reached yet"
        """Why Redis is away, in words that hold no secret; None when it is not."""
        self._redis = redis
        self._scripts = scripts
        self._hashes: dict[str, str] = {}
        self._questions: list[Question] = []
        self._posted = asyncio.Event()
        self._is_closing = False

    def post(self, question: Question) -> None:
        """Have *question* answered; at once, with None, while Redis is away."""
        if not self.is_up:
            question.answer(None)
            return
        self._questions.append(question)
        self._posted.set()

    async def ask(self, script: str, keys: Words, arguments: Words) -> Reply | None:
        """Return what Redis says; None if it is away."""
        answered: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()

        def answer(reply: Reply | None) -> None:
            if not answered.done():
                answered.set_result(reply)

        self.post(Question(script, keys, arguments, answer))
        return await answered

    @asynccontextmanager
    async def kept(self, tenant: Tenant) -> AsyncIterator[None]:
        """Keep the link up for *tenant* until the block ends; first try once."""
        await self._try(tenant, self._come)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(tenant))
            try:
                yield
            finally:
                # Not cancelled: on Python 3.11 redis-py may lose that. Its waits are bounded.
                self._is_closing = True
                self._posted.set()

    async def _keep(self, tenant: Tenant) -> None:
        while not self._is_closing:
            if self.is_up:
                await self._try(tenant, self._carry_next)
            else:
                await self._wait(RETRY_SECONDS)
                await self._try(tenant, self._come)
        await self._go(tenant)

    async def _wait(self, seconds: float) -> None:
        """Wait until something is posted, or we are to close, or for *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._posted.wait()
        self._posted.clear()

    async def _try(self, tenant: Tenant, step: Callable[[Tenant], Awaitable[None]]) -> None:
        try:
            await step(tenant)
        except Stale:  # what was asked is asked again, when Redis knows us
            await self._try(tenant, self._come)
        except (RedisError, OSError) as error:
            self._is_away(tenant, _describe(error))
        except Exception as error:  # noqa: BLE001 - a bug must not end the link for good
            _log.exception("redis_link_failed")
            self._is_away(tenant, _describe(error))

    async def _come(self, tenant: Tenant) -> None:
        for name, text in self._scripts.items():
            self._hashes[name] = await self._redis.script_load(text)
        # What is posted from now on is carried after this, and so adds to what it says.
        self.is_up = True
        await self._carry([tenant.come()])
        self.trouble = None
        _log.info("redis_is_here")

    async def _go(self, tenant: Tenant) -> None:
        """Say good-bye; Redis drops what is left of us when our lease is over, if it must."""
        if self.is_up:
            with suppress(RedisError, OSError, Stale):
                await self._carry([tenant.go()])
        self.trouble = "closed"
        self._is_away(tenant, "closed")

    async def _carry_next(self, tenant: Tenant) -> None:
        await self._wait(tenant.pause)
        posted, self._questions = self._questions, []
        await self._carry([*posted, *tenant.routine(time.monotonic())])

    async def _carry(self, questions: list[Question]) -> None:
        """Ask all at once. What has no answer when that fails is still among the questions."""
        unanswered = deque(questions)
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for one in questions:
                    hashed = self._hashes[one.script]
                    pipeline.evalsha(hashed, len(one.keys), *one.keys, *one.arguments)
                for reply in await pipeline.execute():
                    unanswered[0].answer(reply)
                    unanswered.popleft()
        finally:
            self._questions = [*unanswered, *self._questions]

    def _is_away(self, tenant: Tenant, reason: str) -> None:
        if self.trouble is None:
            _log.warning("redis_is_away", reason=reason)
        self.trouble = reason
        if self.is_up:
            self.is_up = False
            tenant.went()
        unanswered, self._questions = self._questions, []
        for question in unanswered:
            question.answer(None)


def _describe(error: Exception) -> str:
    """Name the kind of error alone: its text may quote the URL, and the URL holds a password."""
    return type(error).__name__
