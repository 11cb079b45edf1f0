"""The processes of a nemesis run: a relay, a fake, the disk of the log, clients and witnesses."""

import asyncio
import json
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Final

import aiohttp

from support.full_disk import FullDisk, full_disk
from support.nemesis_cassettes import WORDS, canary_of, save_cassettes, sent_by, text_of
from support.nemesis_clients import Clients
from support.nemesis_history import History, Life, LifeEnd
from support.nemesis_witnesses import Witnesses
from support.processes import Service, running
from support.relay import command

DISK_BYTES: Final = 64 * 1024 * 1024
BELOW_THE_EPHEMERAL: Final = range(20_000, 32_000)
"""Ports that the kernel gives to no client while a process that had one is down."""

MODELS: Final = (
    *("short",) * 10,
    "long",
    "short!reset",
    "short!cut",
    "short!stall",
    "short!error_frame",
)
"""What the profiles name: some streams meet a fault of their own, whatever else happens."""

DEADLINES: Final = {"response_head": 2, "first_event": 2, "next_event": 1, "total": 30}
SETTINGS: Final = """
[sink.log]
content = "full"
path = "{log}"
max_bytes = 1048576
keep = 100000
"""


class Part:
    """A command that can be killed, paused and started again, always at the same port."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = (module, *arguments, "--port", str(self.port))
        self._env = env
        self._held = ExitStack()
        self._service: Service | None = None

    async def start(self) -> None:
        service = running(*self._command, env=self._env)
        self._service = await asyncio.to_thread(self._held.enter_context, service)

    async def end(self, number: int) -> int:
        """Send a signal that ends it, and return the exit code."""
        assert self._service is not None
        code = await asyncio.to_thread(self._service.stop, number)
        await asyncio.to_thread(self._held.close)
        return code

    async def pause(self, seconds: float) -> None:
        assert self._service is not None
        process = self._service.process
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._held.close()


class World:
    """Everything that a nemesis may harm, in *folder*, for *count* clients."""

    def __init__(self, folder: Path, disk: FullDisk, seed: int, count: int) -> None:
        self.disk = disk
        self.seed = seed
        self._count = count
        self._cassettes = folder / "cassettes"
        save_cassettes(self._cassettes, count)
        self.fake = Part("fake_mlx", "serve", "--cassettes", str(self._cassettes))
        config = folder / "relay.toml"
        config.write_text(SETTINGS.format(log=disk.folder / "streams.jsonl"))
        env = {"MLX_RELAY_DATA_DIR": str(folder / "data"), "MLX_RELAY_DRAIN_SECONDS": "1"}
        self.relay = Part("mlx_relay", "serve", "--config", str(config), env=env)
        kept = folder / "kept"
        kept.mkdir()
        self.witnesses = Witnesses(self.relay.url, self.fake.url, disk.folder, kept)
        headers = _make_user(env)
        self.clients = Clients(self.relay.url, headers, MODELS, seed)
        self._headers = headers
        self._lives: list[Life] = []
        self._began = 0.0

    @property
    def live_log(self) -> Path:
        return self.disk.folder / "streams.jsonl"

    async def start_relay(self) -> None:
        self._began = time.time()
        self.witnesses.new_relay()
        await self.relay.start()
        self.clients.is_up.set()

    async def end_relay(self, number: int, end: LifeEnd) -> None:
        """End the relay; raises AssertionError when it was told to, and did not do it in peace."""
        self.clients.is_up.clear()
        code = await self.relay.end(number)
        assert code == (-number if end == "killed" else 0)
        counted, active = self.witnesses.counted, self.witnesses.active
        self._lives.append(Life(self._began, time.time(), end, counted, active))

    async def start_fake(self) -> None:
        self.witnesses.new_fake()
        await self.fake.start()

    async def lay_over_all(self, *faults: str) -> None:
        """Let every replay of the fake have *faults*."""
        body = {"faults": faults, "seed": self.seed}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.fake.url}/_fake/config", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def add_profiles(self) -> None:
        async with aiohttp.ClientSession(self.relay.url, headers=self._headers) as session:
            for number, model in enumerate(MODELS, 1):
                profile = {"name": f"p{number}", "host": "127.0.0.1", "port": self.fake.port}
                fields = profile | {"model_path": model, "deadlines": DEADLINES}
                async with session.post("/api/profiles", json=fields) as answer:
                    assert (await answer.json())["id"] == number

    def history(self) -> History:
        """Return what is known, once nobody is alive who could know more."""
        book = self.witnesses.read_logs()
        entries = self.witnesses.entries()
        return History(
            clients=tuple(self.clients.answers),
            log=book.streams(),
            sent=tuple(sent_by(entry, self._cassettes) for entry in entries),
            lives=tuple(self._lives),
            texts={
                canary_of(model, number): text_of(model, number)
                for model in WORDS
                for number in range(self._count)
            },
            torn_lines=book.torn_lines,
            admitted_losses=book.admitted_losses,
        )


@contextmanager
def world(folder: Path, seed: int, count: int) -> Iterator[World]:
    """Make a world in *folder*; whatever is alive in it ends with the block."""
    disk_folder = folder / "disk"
    disk_folder.mkdir()
    with full_disk(disk_folder, DISK_BYTES) as disk:
        made = World(folder, disk, seed, count)
        with closing(made.relay), closing(made.fake):
            yield made


@asynccontextmanager
async def chatting(world: World, count: int) -> AsyncIterator[None]:
    """Start everything; *count* clients chat until the block ends, and then to their answers' end.

    After that nothing goes on any more, and the relay has ended in peace.
    """
    await world.start_fake()
    await world.start_relay()
    await world.add_profiles()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(world.witnesses.watch())
        async with asyncio.TaskGroup() as visits:
            visits.create_task(world.clients.chat(count))
            yield
            world.clients.finish()
        watching.cancel()
    await world.witnesses.wait_until_quiet()
    await world.end_relay(signal.SIGTERM, "quiet")


def _make_user(env: Mapping[str, str]) -> dict[str, str]:
    command(env, "user", "add", "ada", "--admin", "--password-stdin", stdin="pass word\n")
    key = json.loads(command(env, "key", "add", "ada", "tests", "--json"))
    return {"Authorization": f"Bearer {key['secret']}"}


def _free_port() -> int:
    for port in random.sample(BELOW_THE_EPHEMERAL, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
