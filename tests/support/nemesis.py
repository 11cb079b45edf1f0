"""The nemesis: a seeded schedule of what goes wrong, carried out while clients chat.

One track harms the relay, one the fake, both at once. Each thing happens as often as any other;
the seed draws their order, the pauses between them and how long they last.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from support.nemesis_checks import violations
from support.nemesis_history import History
from support.nemesis_world import World, chatting, world

Deed: TypeAlias = Callable[[World, float], Awaitable[None]]

PAUSE_SECONDS: Final = (0.2, 1.5)
DEED_SECONDS: Final = (0.2, 1.5)
MOST_SHOWN: Final = 30


class Act(NamedTuple):
    """One thing that happens: after *pause* seconds, for *seconds*."""

    name: str
    pause: float
    seconds: float


async def kill_relay(world: World, seconds: float) -> None:
    await world.end_relay(signal.SIGKILL, "killed")
    await asyncio.sleep(seconds)
    await world.start_relay()


async def restart_relay(world: World, seconds: float) -> None:
    del seconds
    await world.end_relay(signal.SIGTERM, "stopped")
    await world.start_relay()


async def pause_relay(world: World, seconds: float) -> None:
    await world.relay.pause(seconds)


async def fill_disk(world: World, seconds: float) -> None:
    """Leave the log no room, and go on when it has caught up."""
    world.disk.fill(world.live_log)
    await asyncio.sleep(seconds)
    world.disk.free()
    await world.witnesses.wait_until_ready()


async def kill_fake(world: World, seconds: float) -> None:
    await world.witnesses.look_at_journal()
    await world.fake.end(signal.SIGKILL)
    await asyncio.sleep(seconds)
    await world.start_fake()


async def pause_fake(world: World, seconds: float) -> None:
    await world.fake.pause(seconds)


async def reset_streams(world: World, seconds: float) -> None:
    await _lay_over(world, seconds, "reset")


async def stall_streams(world: World, seconds: float) -> None:
    await _lay_over(world, seconds, "stall")


async def _lay_over(world: World, seconds: float, fault: str) -> None:
    await world.lay_over_all(fault)
    await asyncio.sleep(seconds)
    await world.lay_over_all()


TO_THE_RELAY: Final[dict[str, Deed]] = {
    "kill_relay": kill_relay,
    "restart_relay": restart_relay,
    "pause_relay": pause_relay,
    "fill_disk": fill_disk,
}
TO_THE_FAKE: Final[dict[str, Deed]] = {
    "kill_fake": kill_fake,
    "pause_fake": pause_fake,
    "reset_streams": reset_streams,
    "stall_streams": stall_streams,
}


def schedule(deeds: dict[str, Deed], seed: int, *, without: frozenset[str]) -> Iterator[Act]:
    """Yield acts for ever: every one of *deeds*, then all of them in another order."""
    draw = random.Random(f"{seed}/{sorted(deeds)}")
    names = sorted(set(deeds) - without)
    while True:
        for name in draw.sample(names, len(names)):
            yield Act(name, draw.uniform(*PAUSE_SECONDS), draw.uniform(*DEED_SECONDS))


class Run(NamedTuple):
    """What was done, in words with the seconds at which it was, and what came of it."""

    seed: int
    done: list[str]
    history: History

    def report(self) -> str:
        """Return what is wrong, with the seed and what was done; empty if nothing is."""
        found = violations(self.history)
        if not found:
            return ""
        shown = "\n".join(found[:MOST_SHOWN])
        return f"seed {self.seed}, {len(found)} violations:\n{shown}\n\n" + "\n".join(self.done)


async def run(folder: Path, *, seed: int, clients: int, seconds: float) -> Run:
    """Let *clients* chat and the nemesis work for *seconds*, at least until each deed is done."""
    done: list[str] = []
    with world(folder, seed, clients) as made:
        async with chatting(made, clients), asyncio.TaskGroup() as tracks:
            until = time.monotonic() + seconds
            for deeds in (TO_THE_RELAY, TO_THE_FAKE):
                tracks.create_task(_work(made, deeds, until, done))
        await made.fake.end(signal.SIGTERM)
        return Run(seed, done, made.history())


async def _work(world: World, deeds: dict[str, Deed], until: float, done: list[str]) -> None:
    without = frozenset() if world.disk.is_mounted else frozenset({"fill_disk"})
    began = time.monotonic()
    acts = schedule(deeds, world.seed, without=without)
    for number, act in enumerate(acts):
        if time.monotonic() > until and number >= len(deeds):
            return
        await asyncio.sleep(act.pause)
        before = time.monotonic() - began
        await deeds[act.name](world, act.seconds)
        done.append(f"{before:6.1f} to {time.monotonic() - began:6.1f}: {act.name}")
