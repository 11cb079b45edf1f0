"""``mlx-relay parsers``: one table for people, programs and the documentation."""

import json
from pathlib import Path

from mlx_relay.pipeline import parser_names
from unit.cli.conftest import Command

DOCS = Path(__file__).parents[3] / "docs"


def test_every_format_has_its_line(command: Command) -> None:
    lines = command("parsers").out.splitlines()
    assert lines[0].split() == ["NAME", "ALIASES", "THINKING", "CALLS"]
    by_name = {line.split()[0]: line for line in lines[1:]}
    assert "<think> </think>" in by_name["qwen3"]
    assert "<tool_call>" in by_name["hermes"]
    assert "gpt-oss" in by_name["harmony"]
    assert "thought\\n" in by_name["gemma4"]


def test_json_names_every_parser_once(command: Command) -> None:
    formats = json.loads(command("parsers", "--json").out)
    names = [name for entry in formats for name in [entry["name"], *entry["aliases"]]]
    assert sorted(names) == parser_names()


def test_the_page_in_the_documentation_is_the_one_that_is_printed(command: Command) -> None:
    assert (DOCS / "formats.md").read_text() == command("parsers", "--markdown").out


def test_the_page_links_to_tests_that_exist(command: Command) -> None:
    rows = [
        line for line in command("parsers", "--markdown").out.splitlines() if line.startswith("| `")
    ]
    links = [row.rpartition("(")[2].partition(")")[0] for row in rows]
    assert len(links) == len(json.loads(command("parsers", "--json").out))
    assert [link for link in links if not (DOCS / link).is_file()] == []
