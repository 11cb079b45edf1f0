"""What the shared options mean."""

import pytest

from mlx_relay.cli.options import parser_or_none


@pytest.mark.parametrize(
    ("typed", "meant"), [("none", None), (None, None), ("auto", "auto"), ("qwen3", "qwen3")]
)
def test_none_is_no_parser(typed: str | None, meant: str | None) -> None:
    assert parser_or_none(typed) == meant
