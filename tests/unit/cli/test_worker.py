"""The worker's command: a door that leads nowhere, and settings that are wrong."""

import socket
import subprocess
import sys
from pathlib import Path

from mlx_relay.config import load_settings
from mlx_relay.workers.orders import Orders, write_orders
from mlx_relay.workers.places import make_table


def test_settings_that_are_wrong_are_one_line_and_exit_code_78(tmp_path: Path) -> None:
    make_table(tmp_path / "places", 1)
    (tmp_path / "throttle").touch()
    settings = load_settings(data_dir=tmp_path, sinks="nonsense")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(
            write_orders(
                Orders(
                    0, tmp_path / "places", tmp_path / "throttle", settings.model_dump(mode="json")
                )
            )
        )
        done = subprocess.run(
            [sys.executable, "-m", "mlx_relay.cli.worker", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert "nonsense" in done.stderr
