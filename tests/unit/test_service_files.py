"""docs/ has a systemd unit and a launchd job: both start our command, with time to end in."""

import plistlib
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlx_relay.config import Settings
from mlx_relay.open_files import WANTED
from support.processes import running

DOCS = Path(__file__).resolve().parents[2] / "docs"
UNIT = DOCS / "mlx-relay.service"
JOB: dict[str, Any] = plistlib.loads((DOCS / "ai.mlx-relay.plist").read_bytes())
END_SECONDS = 8.0
"""What the service may take besides the time that its settings give to streams."""

LAUNCHD_KEYS = {
    *("Label", "UserName", "ProgramArguments", "EnvironmentVariables", "RunAtLoad", "KeepAlive"),
    *("ThrottleInterval", "ExitTimeOut", "Umask", "SoftResourceLimits", "HardResourceLimits"),
    *("ProcessType", "StandardOutPath", "StandardErrorPath"),
}
"""From launchd.plist(5), those that are used: a key that is misspelt is ignored there."""


def of_unit(name: str) -> list[str]:
    """Return the values of *name* in the unit."""
    lines = UNIT.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def command_of(kind: str) -> tuple[list[str], dict[str, str]]:
    """Return the words of the command, and its environment."""
    if kind == "launchd":
        return JOB["ProgramArguments"], JOB["EnvironmentVariables"]
    (command,) = of_unit("ExecStart")
    return shlex.split(command), dict(line.split("=", 1) for line in of_unit("Environment"))


@pytest.mark.parametrize("kind", ["systemd", "launchd"])
def test_the_command_starts_and_stops_a_relay(tmp_path: Path, kind: str) -> None:
    (program, *arguments), env = command_of(kind)
    assert Path(program).name == "mlx-relay"
    assert set(env) == {"MLX_RELAY_DATA_DIR"}
    config = tmp_path / "config.toml"
    config.write_text("port = 0\n")
    arguments[arguments.index("--config") + 1] = str(config)
    env["MLX_RELAY_DATA_DIR"] = str(tmp_path / "data")
    with running("mlx_relay", *arguments, env=env) as service:
        assert service.stop() == 0


def test_both_let_streams_end() -> None:
    defaults = Settings.model_fields
    longest = defaults["drain_seconds"].default + defaults["pre_stop_seconds"].default + END_SECONDS
    (timeout,) = of_unit("TimeoutStopSec")
    assert float(timeout) > longest
    assert JOB["ExitTimeOut"] > longest


def test_both_let_the_relay_open_files_and_keep_what_it_makes_to_itself() -> None:
    assert of_unit("LimitNOFILE") == [str(WANTED)]
    assert JOB["SoftResourceLimits"] == JOB["HardResourceLimits"] == {"NumberOfFiles": WANTED}
    assert of_unit("UMask") == ["0077"]
    assert JOB["Umask"] == 0o077


def test_the_job_has_only_keys_that_launchd_knows() -> None:
    assert set(JOB) == LAUNCHD_KEYS
    assert JOB["KeepAlive"] == {"SuccessfulExit": False}


def test_the_unit_does_not_start_again_what_cannot_start() -> None:
    assert of_unit("RestartPreventExitStatus") == ["2 78"]
    assert of_unit("Restart") == ["on-failure"]


def test_systemd_understands_the_unit_and_finds_it_shut_in(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    copy = tmp_path / UNIT.name
    program = command_of("systemd")[0][0]
    copy.write_text(UNIT.read_text().replace(program, str(shutil.which("true"))))
    for arguments in (["verify"], ["security", "--offline=true", "--threshold=25", "--no-pager"]):
        done = subprocess.run(
            ["systemd-analyze", *arguments, str(copy)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert str(copy) not in done.stderr
