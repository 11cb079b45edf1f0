"""Two services that share a metrics directory, as workers do: either answers for both."""

from contextlib import ExitStack
from pathlib import Path

import aiohttp

from mlx_relay.sinks.metrics_workers import prepare
from support.processes import Service
from support.prometheus import metrics_with
from support.relay import RelayService, relay_service

ENDED = 'mlx_relay_streams_total{outcome="done",profile="p"} 2.0'
OPEN = 'mlx_relay_active_streams{profile="p"} 0.0'


async def chat_with(relay: RelayService, fake: Service) -> None:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
        )
        await relay.chat(session, profile_id)


async def test_either_worker_answers_for_both(fake: Service, tmp_path: Path) -> None:
    shared = prepare(tmp_path / "metrics")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(relay_service(tmp_path / name, env=shared)) for name in ("a", "b")
        ]
        for worker in workers:
            await chat_with(worker, fake)
        for worker in workers:
            async with aiohttp.ClientSession(worker.url) as session:
                assert OPEN in await metrics_with(session, ENDED)
