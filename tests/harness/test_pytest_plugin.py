import re
import subprocess
import sys
from pathlib import Path

from fake_mlx.faults import FAULTS

GUIDE = Path(__file__).parents[2] / "docs" / "harness.md"


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in *folder* as another project would, with none of our settings."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:locust", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_examples_of_the_guide_run(tmp_path: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for number, example in enumerate(examples):
        assert len([line for line in example.splitlines() if line]) <= 20
        (tmp_path / f"test_example_{number}.py").write_text(example)
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_faults_of_one_test_are_gone_in_the_next(tmp_path: Path) -> None:
    (tmp_path / "test_faults.py").write_text(
        "def test_one(fake_mlx):\n"
        "    fake_mlx.configure('hang')\n"
        "def test_two(fake_mlx):\n"
        "    assert fake_mlx._call('GET', 'config')['faults'] == []\n"
    )
    done = run_pytest(tmp_path, "-p", "fake_mlx.pytest_plugin")
    assert "2 passed" in done.stdout, done.stdout


def test_cassettes_that_cannot_be_served_fail_with_their_folder(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_one(fake_mlx): pass\n")
    missing = f"--fake-mlx-cassettes={tmp_path / 'missing'}"
    done = run_pytest(tmp_path, "-p", "fake_mlx.pytest_plugin", missing)
    assert done.returncode == 1
    assert "missing" in done.stdout


def test_the_guide_names_every_fault() -> None:
    named = set(re.findall(r"`(\w+)`", GUIDE.read_text()))
    assert set(FAULTS) <= named
