"""``python -m mlx_relay``."""

from support.processes import run


def test_the_module_is_the_command() -> None:
    done = run("mlx_relay", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: mlx-relay ")
