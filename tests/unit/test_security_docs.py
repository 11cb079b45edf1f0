"""docs/security.md and docs/operating.md name tests: each exists, as do the battery's cases."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCS = (TESTS.parent / "docs" / "security.md").read_text()
OPERATING = (TESTS.parent / "docs" / "operating.md").read_text()
NAMED = sorted(set(re.findall(r"`([a-z_/0-9]+\.py)::(test_\w+)`", DOCS + OPERATING)))
BATTERY = (TESTS / "integration" / "test_http_edge.py").read_text()
ROWS = re.search(r"## HTTP\n(.*?)\n## ", DOCS, re.DOTALL)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"def {test}\(", (TESTS / file).read_text())


def test_a_case_that_is_named_exists() -> None:
    assert ROWS
    cells = [line.split("|")[3].strip() for line in ROWS[1].splitlines() if line.startswith("| ")]
    named = [case.strip() for cell in cells[1:] for case in re.sub(r"`[^`]*`", "", cell).split(";")]
    cases = [case for case in named if case and not case.startswith((",", "("))]
    assert len(cases) > 30
    assert [case for case in cases if f'"{case}": ' not in BATTERY] == []
