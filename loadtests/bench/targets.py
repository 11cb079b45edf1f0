"""Starts what is measured: the fake alone, nginx, the naive design, the relay. Processes out.

Each target is a context manager that yields a Target once it answers, and ends its processes.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psutil
from streams import post

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0

_NGINX = """
daemon off; master_process on; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 600s;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Target:
    """Something that streams: its port, how to ask it for a model, and its processes."""

    name: str
    port: int
    request: Callable[[str, int], bytes]
    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in self.pids)

    def memory_bytes(self) -> int:
        return sum(psutil.Process(pid).memory_info().rss for pid in self.pids)


@contextmanager
def fake(folder: Path, speed: str) -> Iterator[Target]:
    """Run the fake on the cassettes of *folder*."""
    command = (sys.executable, "-m", "fake_mlx", "serve", "--port", "0", "--speed", speed)
    with _listening([*command, "--cassettes", str(folder)]) as (process, port):
        yield Target("direct", port, openai_request, (process.pid,))


@contextmanager
def nginx(folder: Path, upstream: Target) -> Iterator[Target]:
    """Run nginx without buffering in front of *upstream*; needs nginx on the PATH."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, port=port, upstream=upstream.port))
    with _process(["nginx", "-p", str(folder), "-c", str(file)]) as process:
        wait_for(port)
        workers = tuple(child.pid for child in psutil.Process(process.pid).children())
        yield Target("nginx", port, openai_request, (process.pid, *workers))


def has_nginx() -> bool:
    return shutil.which("nginx") is not None


@contextmanager
def naive(upstream: Target) -> Iterator[Target]:
    """Run the naive design in front of *upstream*."""
    port = free_port()
    script = str(Path(__file__).with_name("naive.py"))
    url = f"http://127.0.0.1:{upstream.port}"
    with _process([sys.executable, script, "--port", str(port), "--upstream", url]) as process:
        wait_for(port)
        yield Target("naive", port, _naive_request, (process.pid,))


@contextmanager
def relay(
    folder: Path,
    upstream: Target,
    name: str,
    sinks: str,
    *arguments: str,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Target]:
    """Run the relay with *sinks* in front of *upstream*, with a profile for each cassette asked."""
    env = (
        os.environ
        | settings
        | {
            "MLX_RELAY_DATA_DIR": str(folder / name),
            "MLX_RELAY_SINKS": sinks,
            "MLX_RELAY_MAX_STREAMS": "0",
            "MLX_RELAY_MAX_STREAMS_PER_USER": "0",
        }
    )

    def command(*words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mlx_relay", *words],
            input=stdin, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    command("user", "add", "bench", "--admin", "--password-stdin", stdin="correct horse\n")
    key = json.loads(command("key", "add", "bench", "bench", "--json"))["secret"]
    profiles: dict[str, int] = {}
    for model in ("warm", "paced", "long", "longer", "slow"):
        words = ("profile", "add", model, "--host", "127.0.0.1", "--port", str(upstream.port))
        added = command(*words, "--model-path", model, "--json")
        profiles[model] = json.loads(added)["id"]

    def request(model: str, number: int) -> bytes:
        messages = [{"role": "user", "content": f"stream {number}"}]
        body: dict[str, object] = {"profile_id": profiles[model], "messages": messages}
        return post("/api/chat/completions", body, f"Authorization: Bearer {key}")

    with _serving(name, request, env, *arguments) as target:
        yield target


@contextmanager
def replicas(folder: Path, upstream: Target, count: int, redis_url: str) -> Iterator[list[Target]]:
    """Run *count* relays that share a database, a key and a Redis, each with its own log."""
    shared = {
        "MLX_RELAY_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'shared.db'}",
        "MLX_RELAY_SIGNING_KEY_FILE": str(folder / "signing.key"),
        "MLX_RELAY_REDIS_URL": redis_url,
    }
    sinks = "sse,log,metrics"
    with ExitStack() as stack:
        first = stack.enter_context(relay(folder, upstream, "one", sinks, settings=shared))
        started = [first]
        for number in range(1, count):
            env = (
                os.environ
                | shared
                | {
                    "MLX_RELAY_DATA_DIR": str(folder / f"more-{number}"),
                    "MLX_RELAY_SINKS": sinks,
                    "MLX_RELAY_MAX_STREAMS": "0",
                    "MLX_RELAY_MAX_STREAMS_PER_USER": "0",
                }
            )
            more = _serving(f"more-{number}", first.request, env)
            started.append(stack.enter_context(more))
        yield started


@contextmanager
def _serving(
    name: str, request: Callable[[str, int], bytes], env: dict[str, str], *arguments: str
) -> Iterator[Target]:
    serve = (sys.executable, "-m", "mlx_relay", "serve", "--port", "0", *arguments)
    with _listening([*serve], env) as (process, port):
        workers = tuple(child.pid for child in psutil.Process(process.pid).children(recursive=True))
        yield Target(name, port, request, (process.pid, *workers))


@contextmanager
def bare_sends(
    streams: int, tokens: int, seconds: float
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the loop of nothing but sends; yields it, and its port."""
    script = str(Path(__file__).with_name("bare_sends.py"))
    numbers = ("--streams", str(streams), "--tokens", str(tokens), "--seconds", str(seconds))
    with _listening([sys.executable, script, *numbers]) as started:
        yield started


@contextmanager
def collector() -> Iterator[str]:
    """Run a collector for OpenTelemetry; yields its address."""
    with _listening([sys.executable, str(Path(__file__).with_name("collector.py"))]) as (_, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run Redis, which keeps nothing on the disk; yields its URL. Needs redis-server."""
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    with _process(["redis-server", *options, "--loglevel", "warning"]):
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"


def openai_request(model: str, number: int) -> bytes:
    return post("/v1/chat/completions", _openai_body(model, number))


def _naive_request(model: str, number: int) -> bytes:
    return post("/api/chat/completions", _openai_body(model, number))


def _openai_body(model: str, number: int) -> dict[str, object]:
    messages = [{"role": "user", "content": f"stream {number}"}]
    return {"model": model, "stream": True, "messages": messages}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def _listening(
    command: list[str], env: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with _process(command, env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "listening on" not in line:
            raise SystemExit(f"{command}: did not start: {line}")
        yield process, int(line.rpartition(":")[2])


@contextmanager
def _process(
    command: list[str], env: dict[str, str] | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env=env, stdout=stdout, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
