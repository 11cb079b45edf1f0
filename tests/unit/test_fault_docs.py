"""docs/faults.md: every row of the matrix is there, and what it names exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCS = (TESTS.parent / "docs" / "faults.md").read_text()
NAMED = sorted(set(re.findall(r"`([a-z_/0-9]+\.py)::(test_\w+)`", DOCS)))
FAULTS = (TESTS / "integration" / "test_faults.py").read_text()
CASES = (TESTS / "integration" / "test_hostile_upstreams.py").read_text()
ROWS = [
    *(f"I{number}" for number in range(1, 7)),
    *(f"U{number}" for number in range(1, 48)),
    *(f"K{number}" for number in range(1, 19) if number != 16),
    *(f"S{number}" for number in range(1, 10)),
    *(f"D{number}" for number in range(1, 13) if number != 6),
    *(f"L{number}" for number in range(1, 10) if number != 5),
    *(f"T{number}" for number in range(1, 14)),
]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"def {test}\(", (TESTS / file).read_text())


def test_every_row_is_there_and_says_what_shows_it() -> None:
    found = dict(re.findall(r"^\| ([A-Z][0-9]+) \| (.+) \|$", DOCS, re.MULTILINE))
    assert list(found) == ROWS
    shown = r"::test_|fault `|case `|\bsee |no test|nothing limits|open files|service\)"
    assert [row for row in ROWS if row[0] != "I" and not re.search(shown, found[row])] == []


def test_every_fault_and_every_case_that_is_named_exists() -> None:
    faults = re.findall(r"fault `([a-z0-9_@]+)`", DOCS)
    assert [one for one in faults if f'Case("{one}"' not in FAULTS and one != "x"] == []
    cases = re.findall(r"case `([^`]+)`", DOCS)
    assert [one for one in cases if f'"{one}": ' not in CASES and one != "x"] == []
    assert len(faults) > 50
