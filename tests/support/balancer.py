"""nginx and HAProxy from Debian's packages, with the configuration that docs/deploy ships."""

import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from support.processes import ROOT, STOP_SECONDS

DEPLOY = ROOT / "docs" / "deploy"
_AROUND = """
daemon off; master_process on; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 4000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """A running nginx in front of relays, without TLS."""

    def __init__(self, command: str, folder: Path) -> None:
        self._command = command
        self._folder = folder
        self.port = free_port()
        self.process: psutil.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self, ports: Sequence[int]) -> None:
        """Write its configuration for relays on *ports*."""
        (self._folder / "nginx.conf").write_text(_AROUND.format(folder=self._folder))
        (self._folder / "site.conf").write_text(nginx_site(f"127.0.0.1:{self.port}", ports))

    def start(self) -> None:
        config = str(self._folder / "nginx.conf")
        self.process = psutil.Popen([self._command, "-p", str(self._folder), "-c", config])
        wait_for(self.port)

    def reload(self, ports: Sequence[int]) -> None:
        """Send new connections to *ports* only; returns when it does. Old ones go on."""
        assert self.process is not None
        before = {child.pid for child in self.process.children()}
        self.write(ports)
        self.process.send_signal(signal.SIGHUP)
        process = self.process
        wait_until(lambda: {child.pid for child in process.children()} - before)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)


def nginx_site(listen: str, ports: Sequence[int]) -> str:
    """Return the shipped site, listening without TLS on *listen*, for relays on *ports*."""
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"(?m)^ *ssl_.*\n", "", text).replace("listen 443 ssl;", f"listen {listen};")
    return _with_ports(text, r"(?m)^( *server )127\.0\.0\.1:\d+( .*\n)", ports)


def haproxy_config(listen: str, ports: Sequence[int]) -> str:
    """Return the shipped configuration, listening without TLS on *listen*."""
    text = (DEPLOY / "haproxy.cfg").read_text()
    text = re.sub(r"bind :443.*", f"bind {listen}", text)
    return _with_ports(text, r"(?m)^( *server \w+ )127\.0\.0\.1:\d+(.*\n)", ports)


def _with_ports(text: str, pattern: str, ports: Sequence[int]) -> str:
    lines = list(re.finditer(pattern, text))
    servers = "".join(
        f"{line[1]}127.0.0.1:{port}{line[2]}" for line, port in zip(lines, ports, strict=False)
    )
    return text[: lines[0].start()] + servers + text[lines[-1].end() :]


@contextmanager
def nginx_before(folder: Path, ports: Sequence[int]) -> Iterator[Nginx]:
    """Run nginx, its files in *folder*, until the block ends; skips where it is not installed."""
    nginx = Nginx(program("nginx", "nginx-light"), folder)
    nginx.write(ports)
    try:
        nginx.start()
        yield nginx
    finally:
        nginx.stop()


class Haproxy:
    """A running HAProxy at *url*."""

    def __init__(self, port: int, stats_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._stats_url = f"http://127.0.0.1:{stats_port}/;csv"

    def wait_until_all_are_up(self) -> None:
        """Return when it has found every relay ready."""
        wait_until(lambda: self._states() == {"UP"})

    def _states(self) -> set[str]:
        with urllib.request.urlopen(self._stats_url, timeout=STOP_SECONDS) as answer:
            rows = [line.split(",") for line in answer.read().decode().splitlines()]
        status = rows[0].index("status")
        return {row[status] for row in rows if row[0] == "mlx_relay" and row[1] != "BACKEND"}


_STATS = """
frontend stats
    bind 127.0.0.1:{port}
    stats enable
    stats uri /
"""


@contextmanager
def haproxy_before(folder: Path, ports: Sequence[int]) -> Iterator[Haproxy]:
    """Run HAProxy until the block ends; yields it when it has found all relays ready."""
    command = program("haproxy", "haproxy")
    port, stats_port = free_port(), free_port()
    config = folder / "haproxy.cfg"
    text = haproxy_config(f"127.0.0.1:{port}", ports) + _STATS.format(port=stats_port)
    config.write_text(text)
    process = subprocess.Popen([command, "-db", "-q", "-f", str(config)])
    try:
        wait_for(port)
        wait_for(stats_port)
        haproxy = Haproxy(port, stats_port)
        haproxy.wait_until_all_are_up()
        yield haproxy
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def program(name: str, package: str) -> str:
    """Return the path of *name*, or skip."""
    command = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if command is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return command


def free_port() -> int:
    """Return a port that stays free while nobody listens: below those that connections get."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


def wait_for(port: int) -> None:
    wait_until(lambda: _listens(port))


def wait_until(condition: Callable[[], object]) -> None:
    """Return when *condition* holds; raises AssertionError if it does not in time."""
    deadline = time.monotonic() + STOP_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), STOP_SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True
