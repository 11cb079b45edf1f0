"""The whole examination: a line for each finding, an exit code, and JSON."""

import json
from pathlib import Path

import aiohttp.http_parser
import pytest

from .conftest import Command


@pytest.fixture
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RELAY_PORT", "0")


@pytest.mark.usefixtures("free_port")
def test_all_is_well_once_there_is_an_administrator(command: Command, data_dir: Path) -> None:
    ran = command("doctor")
    assert ran.code == 1
    (line,) = [line for line in ran.out.splitlines() if line.startswith("PROBLEM")]
    assert line == "PROBLEM users     there is no user yet -> mlx-relay user add NAME --admin"
    command("user", "add", "ada", "--admin", "--password-stdin", stdin="correct horse")
    ran = command("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert all(line.startswith("ok      ") for line in ran.out.splitlines())
    assert str(data_dir) in ran.out


@pytest.mark.usefixtures("free_port")
def test_json_has_every_finding(command: Command) -> None:
    ran = command("doctor", "--json")
    findings = json.loads(ran.out)
    assert ran.code == 1
    assert [finding["check"] for finding in findings if not finding["ok"]] == ["users"]
    assert {"settings", "program", "files", "disk", "port", "database", "sink"} <= {
        finding["check"] for finding in findings
    }


def test_settings_that_are_wrong_are_the_only_finding(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text("prot = 1\n")
    ran = command("doctor", "--config", str(config))
    assert ran.code == 1
    assert ran.out.startswith(f"PROBLEM settings  {config}: prot is not a setting")
    assert ran.out.count("\n") == 1


@pytest.mark.usefixtures("free_port")
def test_a_parser_that_is_not_compiled_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    pure = aiohttp.http_parser.HttpRequestParserPy
    monkeypatch.setattr(aiohttp.http_parser, "HttpRequestParser", pure)
    assert "PROBLEM program   aiohttp's C parser is missing" in command("doctor").out


@pytest.mark.usefixtures("free_port")
def test_a_redis_that_is_away_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv("MLX_RELAY_REDIS_URL", f"redis://127.0.0.1:{unused_tcp_port}/0")
    assert f"PROBLEM redis     nobody answers at 127.0.0.1:{unused_tcp_port} -> start Redis" in (
        command("doctor").out
    )
