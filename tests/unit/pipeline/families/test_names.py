"""The names of formats."""

import pytest

from mlx_relay.pipeline import Pipeline, UnknownParser, check_parser, parser_names
from mlx_relay.pipeline.families import FAMILIES, find_family
from mlx_relay.pipeline.families.names import ALIASES


@pytest.mark.parametrize("name", [None, *parser_names()])
def test_every_name_is_valid_for_both_arguments(name: str | None) -> None:
    check_parser(name)
    Pipeline(reasoning_parser=name, tool_parser=name)


def test_the_names_of_the_wire_contract_are_there() -> None:
    assert {"auto", "none", "think", "qwen3", "hermes", "deepseek_r1"} <= set(parser_names())


def test_no_alias_hides_a_family_or_leads_nowhere() -> None:
    assert not ALIASES.keys() & FAMILIES.keys()
    assert set(ALIASES.values()) <= FAMILIES.keys()


def test_no_name_is_none() -> None:
    assert find_family(None) is FAMILIES["none"]


@pytest.mark.parametrize(
    ("name", "near"),
    [("qwen", "qwen3"), ("Qwen3", "qwen3"), ("deepseek_r2", "deepseek_r1"), ("thinks", "think")],
)
def test_an_unknown_name_is_refused_with_the_nearest_ones(name: str, near: str) -> None:
    with pytest.raises(UnknownParser, match=near):
        check_parser(name)
    with pytest.raises(ValueError, match="no parser named"):
        Pipeline(reasoning_parser=name)
    with pytest.raises(UnknownParser):
        Pipeline(tool_parser=name)


def test_a_name_like_no_other_is_refused_with_a_hint() -> None:
    with pytest.raises(UnknownParser, match="try auto or none"):
        check_parser("%%%")
