"""Questions are answered in order, and nobody waits for a Redis that is away."""

import asyncio

from mlx_relay.shared.client import open_redis
from mlx_relay.shared.link import Link, Question, Reply, Stale
from support.redis import RedisServer
from support.until import until

ECHO = "return ARGV[1]"
SCRIPTS = {"echo": ECHO, "bad": "return redis.call('NONSENSE')"}


class FakeTenant:
    """Notes what happens; *asks* is what it asks at each round."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.asks: list[Question] = []
        self.pause = 0.01

    def come(self) -> Question:
        return self.question("come")

    def go(self) -> Question:
        return self.question("go")

    def routine(self, now: float) -> list[Question]:
        asks, self.asks = self.asks, []
        return asks

    def went(self) -> None:
        self.heard.append("went")

    def question(self, word: str, script: str = "echo") -> Question:
        def answer(reply: Reply | None) -> None:
            self.heard.append(reply.decode() if reply else f"no {word}")

        return Question(script, [], [word], answer)


async def test_what_is_asked_first_is_answered_first_and_the_end_says_good_bye(
    redis: RedisServer,
) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            for word in ("one", "two", "three"):
                link.post(tenant.question(word))
            assert await link.ask("echo", [], ["four"]) == b"four"
        assert link.trouble == "closed"
    assert tenant.heard == ["come", "one", "two", "three", "go", "went"]


async def test_routine_is_asked_without_anybody_posting(redis: RedisServer) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client, Link(client, SCRIPTS).kept(tenant):
        tenant.asks = [tenant.question("routine")]
        await until(lambda: "routine" in tenant.heard)


async def test_while_redis_is_away_nobody_waits_and_it_comes_back_by_itself(
    redis: RedisServer,
) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            redis.kill()
            assert await link.ask("echo", [], ["lost"]) is None
            assert tenant.heard == ["come", "went"]
            link.post(tenant.question("at once"))
            assert tenant.heard[-1] == "no at once"
            redis.start()
            await until(lambda: link.is_up and link.trouble is None)
            assert await link.ask("echo", [], ["found"]) == b"found"


async def test_a_redis_that_does_not_answer_is_away_in_bounds(redis: RedisServer) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            with redis.frozen():
                assert await link.ask("echo", [], ["lost"]) is None
                assert link.trouble == "TimeoutError"
            await until(lambda: link.trouble is None)


async def test_a_script_that_fails_is_as_good_as_no_redis(redis: RedisServer) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            assert await link.ask("bad", [], []) is None
            assert link.trouble == "ResponseError"


async def test_who_is_unknown_comes_again_and_asks_again(redis: RedisServer) -> None:
    tenant = FakeTenant()
    replies: list[Reply | None] = []

    def answer(reply: Reply | None) -> None:
        replies.append(reply)
        if len(replies) == 1:
            raise Stale

    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            link.post(Question("echo", [], ["x"], answer))
            link.post(tenant.question("y"))
            await until(lambda: len(replies) == 2)
            assert replies == [b"x", b"x"]
            assert await link.ask("echo", [], ["z"]) == b"z"
    assert tenant.heard == ["come", "come", "y", "go", "went"]


async def test_a_bug_in_an_answer_does_not_end_the_link(redis: RedisServer) -> None:
    tenant = FakeTenant()
    replies: list[Reply | None] = []

    def answer(reply: Reply | None) -> None:
        replies.append(reply)
        if reply:
            raise ZeroDivisionError

    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant):
            link.post(Question("echo", [], ["x"], answer))
            await until(lambda: tenant.heard == ["come", "went", "come"])
            assert replies == [b"x", None]


async def test_who_asks_need_not_wait_for_the_answer(redis: RedisServer) -> None:
    tenant = FakeTenant()
    async with open_redis(redis.url) as client:
        link = Link(client, SCRIPTS)
        async with link.kept(tenant), asyncio.TaskGroup() as group:
            asking = group.create_task(link.ask("echo", [], ["gone"]))
            await asyncio.sleep(0)
            asking.cancel()
            await until(asking.done)
            assert await link.ask("echo", [], ["next"]) == b"next"
