"""Admins watch the samples; they end with the server, and when the watcher leaves."""

import asyncio
import json
from contextlib import ExitStack
from typing import Any

from mlx_relay.errors import Unavailable
from mlx_relay.profiles import Profile
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.metrics_live import LiveSinks
from mlx_relay.web.app_keys import LIVE_STREAMS
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics
from mlx_relay.web.metrics_watchers import MAX_WATCHERS
from support.values import stream_info

from .conftest import Edge

PATH = "/api/metrics/stream"
FIELDS = {
    "at",
    "active_streams",
    "queued_streams",
    "streams_per_second",
    "tokens_per_second",
    "first_event_p50",
    "first_event_p95",
    "gap_p95",
    "outcomes",
    "errors",
    "memory_bytes",
    "open_files",
    "loop_lag",
    "sink_losses",
    "profiles",
}


async def add_profile(edge: Edge) -> int:
    fields = {"name": "qwen", "host": "127.0.0.1", "port": 1, "model_path": "m"}
    status, body = await edge.as_admin("POST", "/api/profiles", fields)
    assert status == 201, body
    return int(body["id"])


async def test_a_sample_is_one_data_line_with_everything_in_it(edge: Edge) -> None:
    assert await add_profile(edge) == 1
    async with edge.client.get(PATH, headers=edge.bearer(edge.admin)) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        for _ in range(2):
            line = await answer.content.readuntil(b"\n\n")
            assert line.startswith(b"data: {")
            assert line.count(b"\n") == 2
            sample: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    assert set(sample) == FIELDS
    assert sample["profiles"] == [{"name": "qwen", "active": 0, "status": "up"}]
    assert sample["sink_losses"] == {"log": 3}
    assert sample["outcomes"] == {"done": 0, "error": 0, "client_gone": 0}
    assert sample["first_event_p50"] is None
    assert sample["memory_bytes"] > 0
    assert sample["open_files"] > 0


async def test_a_sample_says_what_the_streams_do() -> None:
    streams = LiveSinks()
    profile = Profile(id=2, name="qwen", host="h", port=1, model_path="m")

    async def profiles() -> list[Profile]:
        return [profile]

    live = LiveMetrics(
        streams, sink_losses=dict, load_profiles=profiles, profile_status=lambda _id: "down"
    )
    await live.look_up_profiles()
    streams.open(stream_info())
    await streams.open(stream_info()).close(Outcome(kind="error", seconds=1, code="internal"))
    sample = live.sample(0.25)
    assert (sample.active_streams, sample.loop_lag) == (1, 0.25)
    assert (sample.errors, sample.outcomes["error"]) == ({"internal": 1}, 1)
    assert [(one.name, one.active, one.status) for one in sample.profiles] == [("qwen", 1, "down")]


async def test_a_database_that_is_gone_ends_no_watch() -> None:
    async def gone() -> list[Profile]:
        raise Unavailable

    live = LiveMetrics(
        LiveSinks(), sink_losses=dict, load_profiles=gone, profile_status=lambda _id: "up"
    )
    await live.look_up_profiles()
    assert live.sample(0.0).profiles == []


async def test_when_all_places_are_taken_the_next_is_refused(edge: Edge) -> None:
    watchers = edge.client.app[LIVE_METRICS].watchers
    with ExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            stack.enter_context(watchers.join())
        status, body = await edge.as_admin("GET", PATH)
    assert (status, body["error"]["code"]) == (503, "unavailable")


async def test_an_admin_who_may_not_watch_any_more_does_not(edge: Edge) -> None:
    async with edge.client.get(PATH, headers=edge.bearer(edge.admin)) as answer:
        await answer.content.readuntil(b"\n\n")
        await edge.repository.change_user(edge.admin.id, password_hash="other")
        edge.get(LIVE_STREAMS).look()
        rest = await answer.content.read()
    assert rest == b"" or rest.endswith(b"\n\n")


async def test_the_server_s_going_down_ends_the_watch(edge: Edge) -> None:
    async with edge.client.get(PATH, headers=edge.bearer(edge.admin)) as answer:
        await answer.content.readuntil(b"\n\n")
        async with asyncio.TaskGroup() as group:
            group.create_task(edge.client.server.close())
            rest = await answer.content.read()
    assert rest == b"" or rest.endswith(b"\n\n")
