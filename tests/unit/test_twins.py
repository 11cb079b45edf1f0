"""Every module has a test of the same name, in the folder that mirrors its own."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    ROOT / "service" / "mlx_relay": ROOT / "tests" / "unit",
    ROOT / "harness" / "fake_mlx": ROOT / "tests" / "harness",
}


def modules() -> list[tuple[str, Path]]:
    """Return each module's path, and where its twin must be."""
    return [
        (str(module.relative_to(ROOT)), twin_of(module.relative_to(package), tests))
        for package, tests in PACKAGES.items()
        for module in sorted(package.rglob("*.py"))
        if "versions" not in module.parts and module.name not in ("__init__.py", "env.py")
    ]


def twin_of(module: Path, tests: Path) -> Path:
    return tests / module.parent / f"test_{module.stem.strip('_')}.py"


@pytest.mark.parametrize(("module", "twin"), modules(), ids=[name for name, _ in modules()])
def test_a_module_has_its_twin(module: str, twin: Path) -> None:
    assert twin.is_file(), f"{module} has no {twin.relative_to(ROOT)}"
