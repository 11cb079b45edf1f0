"""``mlx-relay doctor`` beside a real relay, and after things were really broken."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from support.processes import Service, run, running
from support.relay import relay_service

CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
CONFIG = 'metrics_token = "0123456789abcdef"\n[sink.log]\npath = "streams.jsonl"\n'


def doctor(data_dir: Path, config: Path, **env: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and what is not well."""
    done = run(
        *("mlx_relay", "doctor", "--json", "--config", str(config)),
        env={"MLX_RELAY_DATA_DIR": str(data_dir), **env},
    )
    assert done.stderr == ""
    findings = json.loads(done.stdout)
    return done.returncode, [finding for finding in findings if not finding["ok"]]


async def test_it_finds_nothing_beside_a_relay_that_is_well_and_disturbs_nobody(
    tmp_path: Path, fake: Service
) -> None:
    data_dir, config = tmp_path / "data", tmp_path / "relay.toml"
    config.write_text(CONFIG)
    config.chmod(0o600)
    with relay_service(data_dir, "--config", str(config)) as relay:
        async with relay.session() as session:
            profile_id = await relay.add_profile(
                session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
            )
            await relay.chat(session, profile_id)
            before = {path.name for path in data_dir.rglob("*")}
            port = str(relay.service.port)
            assert doctor(data_dir, config, MLX_RELAY_PORT=port) == (0, [])
            assert {path.name for path in data_dir.rglob("*")} == before
            assert (await relay.chat(session, profile_id))[-1]["type"] == "done"


async def test_it_finds_all_that_is_broken_and_says_what_to_do(tmp_path: Path) -> None:
    data_dir, config = tmp_path / "data", tmp_path / "relay.toml"
    config.write_text(CONFIG)
    with (
        relay_service(data_dir, "--config", str(config)) as relay,
        running("fake_mlx", "serve", "--port", "0", "--cassettes", str(CASSETTES)) as fake,
    ):
        async with relay.session() as session:
            await relay.add_profile(
                session, name="p", host="127.0.0.1", port=fake.port, model_path="m"
            )
    data_dir.chmod(0o755)
    config.chmod(0o644)
    with running("fake_mlx", "serve", "--port", "0") as other:
        code, found = doctor(
            data_dir,
            config,
            MLX_RELAY_PORT=str(other.port),
            MLX_RELAY_SINKS="log,redis",
            MLX_RELAY_SINK__REDIS__URL=f"redis://127.0.0.1:{fake.port}",
        )
    assert code == 1
    assert [(one["check"], one["cure"]) for one in found] == [
        ("files", f"chmod 700 {data_dir}"),
        ("files", f"chmod 600 {config}"),
        ("port", "see the settings host and port"),
        ("upstream", "start the server, or correct host and port: mlx-relay profile set"),
        ("sink", "start the server, or correct sink.redis.url"),
    ]


def test_it_finds_a_schema_that_is_newer_and_the_relay_does_not_start(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path), "MLX_RELAY_PORT": "0"}
    run(
        "mlx_relay",
        "user",
        "add",
        "ada",
        "--admin",
        "--password-stdin",
        env=env,
        stdin="correct horse",
    )
    with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    done = run("mlx_relay", "doctor", env=env)
    assert done.returncode == 1
    assert "PROBLEM database  its schema is newer than this mlx-relay -> install" in done.stdout
    done = run("mlx_relay", "serve", env=env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert "install the newer version" in done.stderr
