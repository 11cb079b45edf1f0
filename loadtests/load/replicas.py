"""A folder in; relays that share a database, a key and a Redis, behind nginx, out.

nginx has the configuration of docs/deploy, without TLS. The database is SQLite, as all of this is
on one machine; what is measured does not touch it.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from load.processes import Server, free_port, listening, serving

SITE: Final = Path(__file__).resolve().parents[2] / "docs/deploy/nginx.conf"
_NGINX: Final = """
daemon off; pid {folder}/pid; error_log stderr error; worker_processes 1;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {site}
}}
"""


@contextmanager
def replicas(
    folder: Path, logs: Path, env: dict[str, str], count: int
) -> Iterator[tuple[int, list[Server]]]:
    """Run *count* relays on the database of *env*; yields nginx' port, and them."""
    for program in ("nginx", "redis-server"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed: --relays needs it")
    data = Path(env["MLX_RELAY_DATA_DIR"])
    with ExitStack() as stack:
        redis_port = free_port()
        redis = ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""]
        stack.enter_context(listening(redis, redis_port, logs / "redis.log"))
        shared = env | {
            "MLX_RELAY_DATABASE_URL": f"sqlite+aiosqlite:///{data / 'relay.db'}",
            "MLX_RELAY_SIGNING_KEY_FILE": str(data / "signing.key"),
            "MLX_RELAY_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "MLX_RELAY_TRUSTED_PROXIES": "127.0.0.1",
        }
        running = []
        for number in range(count):
            own = shared | {"MLX_RELAY_DATA_DIR": str(folder / f"relay-{number}")}
            relay = serving("mlx_relay", log=logs / f"relay-{number}.log", env=own)
            running.append(stack.enter_context(relay))
        port = free_port()
        command = _nginx(folder / "nginx", port, [relay.port for relay in running])
        stack.enter_context(listening(command, port, logs / "nginx.log"))
        yield port, running


def _nginx(folder: Path, port: int, relays: Sequence[int]) -> list[str]:
    """Write nginx' configuration to *folder*; return the command that runs it."""
    site = re.sub(r"(?m)^ *(ssl_|server 127).*\n", "", SITE.read_text())
    site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    servers = " ".join(f"server 127.0.0.1:{relay};" for relay in relays)
    site = site.replace("least_conn;", f"least_conn; {servers}")
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, site=site))
    return ["nginx", "-p", str(folder), "-c", str(config)]
