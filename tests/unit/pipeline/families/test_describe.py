"""What is said of each family."""

from pathlib import Path

from mlx_relay.pipeline.families import FAMILIES, describe
from mlx_relay.pipeline.families.describe import descriptions


def test_every_family_is_described() -> None:
    assert [description.name for description in descriptions()] == sorted(FAMILIES)


def test_markers_aliases_and_rules_are_those_of_the_family() -> None:
    by_name = {description.name: description for description in descriptions()}
    hermes = by_name["hermes"]
    assert (hermes.opens_thinking, hermes.closes_thinking) == (["<think>"], ["</think>"])
    assert (hermes.opens_calls, hermes.closes_calls) == (["<tool_call>"], ["</tool_call>"])
    assert hermes.calls_in_thinking == "end it"
    assert by_name["none"].calls_in_thinking == ""
    assert "gpt-oss" in by_name["harmony"].aliases
    assert by_name["deepseek_r1"].starts_in_thinking


def test_the_file_of_a_family_is_the_one_that_makes_it() -> None:
    files = {description.name: description.file for description in descriptions()}
    assert files["qwen3"] == "relatives"
    assert files["lfm2"] == "pythonic"
    assert files["gemma4"] == "gemma4"
    folder = Path(str(describe.__file__)).parent
    assert all((folder / f"{file}.py").is_file() for file in files.values())
