"""The harness stands alone: it needs only what its own distribution asks for."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

from fake_mlx import __version__
from fake_mlx.library import SHIPPED

HARNESS = Path(__file__).parents[2] / "harness"
PLUGIN = HARNESS / "fake_mlx" / "pytest_plugin.py"
PROJECT = tomllib.loads((HARNESS / "pyproject.toml").read_text())["project"]
NEEDED = {requirement.partition(">")[0] for requirement in PROJECT["dependencies"]}

SERVE_AND_TELL = """
import importlib.metadata, json, sys, threading, urllib.request
before = set(sys.modules)
import asyncio
from fake_mlx import cli
from fake_mlx.library import SHIPPED, load_library
from fake_mlx.replay import Pace
from fake_mlx.server import FakeServer

async def main():
    server = await FakeServer(load_library(SHIPPED), Pace()).listen("127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.0\\r\\n\\r\\n")
    assert b"200 OK" in await reader.read()
    writer.close()
    server.close()

asyncio.run(main())
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""

DEPENDENCIES = """
import importlib.metadata, json, re, sys
wanted, seen = sys.argv[1:], set()
while wanted:
    name = wanted.pop()
    if name in seen:
        continue
    seen.add(name)
    for requirement in importlib.metadata.requires(name) or []:
        if ";" not in requirement:
            wanted.append(re.match("[A-Za-z0-9_.-]+", requirement)[0])
owners = importlib.metadata.packages_distributions()
normal = lambda name: re.sub("[-_.]+", "-", name).lower()
seen = {normal(name) for name in seen}
print(json.dumps([top for top, names in owners.items() if seen & {normal(n) for n in names}]))
"""


def output(script: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_what_is_imported_is_what_the_distribution_asks_for() -> None:
    files = set((HARNESS / "fake_mlx").rglob("*.py"))
    assert _foreign(files - {PLUGIN}) == NEEDED
    assert _foreign({PLUGIN}) == {"pytest"}, "only pytest itself loads the plugin"


def _foreign(files: set[Path]) -> set[str]:
    imported = {
        name.partition(".")[0]
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _imported(node)
    }
    return imported - set(sys.stdlib_module_names) - {"fake_mlx"}


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str() as module):
            return [module]
        case _:
            return []


def test_serving_loads_nothing_else() -> None:
    loaded = output(SERVE_AND_TELL) - set(sys.stdlib_module_names) - {"fake_mlx"}
    assert loaded <= output(DEPENDENCIES, *NEEDED)


def test_the_distribution_is_the_same_package() -> None:
    assert PROJECT["scripts"] == {"fake-mlx": "fake_mlx.cli:main"}
    assert __version__
    assert SHIPPED.is_relative_to(HARNESS / "fake_mlx")
