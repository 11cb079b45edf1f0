import subprocess
import sys


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "fake_mlx", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "serve" in done.stdout
    assert "import" in done.stdout
