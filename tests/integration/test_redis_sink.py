"""The real service puts finished streams on a real Redis, which dies and comes back."""

import json
from pathlib import Path

from support.processes import Service
from support.redis import redis_server
from support.relay import relay_service
from support.sink_state import wait_for_status, wait_until_counted

KEY = "mlx-relay:streams"
QUEUE_SIZE = 3


async def test_redis_gets_every_stream_again_after_it_was_killed_and_the_newest_of_a_long_absence(
    fake: Service, tmp_path: Path
) -> None:
    with redis_server() as redis:
        config = tmp_path / "relay.toml"
        config.write_text(
            'sinks = ["metrics", "redis"]\n'
            f'[sink.redis]\nurl = "{redis.url}"\nqueue_size = {QUEUE_SIZE}\n'
        )
        with relay_service(tmp_path / "data", "--config", str(config)) as relay:
            async with relay.session() as session:
                profile_id = await relay.add_profile(
                    session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
                )

                async def chat() -> str:
                    events = await relay.chat(session, profile_id)
                    assert events[-1]["type"] == "done"
                    return str(events[0]["stream_id"])

                first = await chat()
                assert json.loads(redis.wait_for(KEY, first)[0]["record"])["kind"] == "done"

                redis.kill()
                short_absence = [await chat(), await chat()]
                state = await wait_for_status(session, "degraded")
                assert state["sinks"] == {"redis": "ConnectionError"}
                redis.start()
                ids = {entry["id"] for entry in redis.wait_for(KEY, short_absence[-1])}
                assert ids == {first, *short_absence}
                await wait_for_status(session, "ready")

                redis.kill()
                long_absence = [await chat() for _ in range(2 * QUEUE_SIZE)]
                redis.start()
                ids |= {entry["id"] for entry in redis.wait_for(KEY, long_absence[-1])}
                assert len(ids & set(long_absence)) == QUEUE_SIZE
                assert ids >= {first, *short_absence, long_absence[-1]}
                lost = len(long_absence) - QUEUE_SIZE
                await wait_until_counted(session, "redis", {"entries": lost})
