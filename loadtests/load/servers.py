"""A folder in; a fake with cassettes and a relay in front of it out, until the block ends."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import cassettes
from load.answers import Answer, answer_of
from load.chat import post
from load.plan import Plan, Profile
from load.processes import Server, serving
from load.replicas import replicas

ROOT: Final = Path(__file__).resolve().parents[2]
SHIPPED: Final = ROOT / "harness/fake_mlx/cassettes"
ADMIN: Final = "load"
PASSWORD: Final = "correct horse battery staple"
ACCOUNTS: Final = 4
MODELS: Final[Mapping[str, str]] = {
    "plain": "demo/plain/prime_one_liner",
    "thinking": "demo/thinking/capital",
    "tools": "demo/tools/two_cities",
    "long": "long",
    "flood": "flood",
    "dying": "long!cut@4000",
}
"""The cassette of each profile; ``dying`` ends in mid-stream."""
MADE: Final[Mapping[str, tuple[int, float]]] = {"long": (300, 0.02), "flood": (20_000, 0.0001)}
"""Cassettes made here: how many tokens, and the seconds between two."""
CASSETTES: Final = frozenset(model.partition("!")[0] for model in MODELS.values())


@contextmanager
def servers(
    folder: Path, logs: Path, relays: int = 1
) -> Iterator[tuple[Server, list[Server], Plan]]:
    """Run fake and relays with their data in *folder*; yields them, and the plan for Locust."""
    env = os.environ | {"MLX_RELAY_DATA_DIR": str(folder / "relay"), "MLX_RELAY_MAX_STREAMS": "0"}
    with ThreadPoolExecutor() as pool:
        added = pool.submit(_add_admin, env)
        library = _library(folder)
        answers = dict(pool.map(lambda name: (name, _answer(library, name)), CASSETTES))
        added.result()
    with (
        serving("fake_mlx", "--cassettes", str(library), log=logs / "fake.log", env=env) as fake,
        _relays(folder, logs, env, relays) as (front, running),
    ):
        yield fake, running, _plan(fake, front, answers)


@contextmanager
def _relays(
    folder: Path, logs: Path, env: dict[str, str], count: int
) -> Iterator[tuple[int, list[Server]]]:
    """Run the relays; yields the port that clients ask, and them."""
    if count == 1:
        with serving("mlx_relay", log=logs / "relay.log", env=env) as relay:
            yield relay.port, [relay]
    else:
        with replicas(folder, logs, env, count) as (front, running):
            yield front, running


def _library(folder: Path) -> Path:
    """Return a folder of cassettes: shipped ones, and two that are made here."""
    library = folder / "cassettes"
    for name in sorted(CASSETTES - MADE.keys()):
        file = library / f"{name}.cast.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIPPED / f"{name}.cast.jsonl", file)
    for name, (tokens, seconds) in MADE.items():
        cassettes.write(library, name, tokens, seconds)
    cassettes.stamp(library)
    return library


def _answer(library: Path, name: str) -> Answer:
    """Return what a cassette says; the harness itself tells what its bytes are."""
    file = library / f"{name}.cast.jsonl"
    command = (sys.executable, "-m", "fake_mlx", "cat", str(file))
    return answer_of(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _add_admin(env: dict[str, str]) -> None:
    command = (sys.executable, "-m", "mlx_relay", "user", "add", ADMIN, "--admin")
    subprocess.run(
        [*command, "--password-stdin"],
        env=env, input=PASSWORD.encode(), stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def _plan(fake: Server, port: int, answers: Mapping[str, Answer]) -> Plan:
    login = {"username": ADMIN, "password": PASSWORD}
    token = post(port, "/api/auth/login", login, {})["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    names = [f"load-{number}" for number in range(ACCOUNTS)]
    users = [{"name": name, "password": PASSWORD} for name in names]
    # All at once: each thread that hashes passwords takes its memory once, and that is no leak.
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda user: post(port, "/api/users", user, headers), users))
    profiles = {}
    for name, model in MODELS.items():
        fields = {"name": name, "host": "127.0.0.1", "port": fake.port, "model_path": model}
        added = post(port, "/api/profiles", fields, headers)
        profiles[name] = Profile(added["id"], model, answers[model.partition("!")[0]])
    return Plan(port, fake.port, names, PASSWORD, profiles)
