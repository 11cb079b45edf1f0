"""No text can command a terminal."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.cli.printable import one_line, printable

anything = st.text(st.characters(categories=["Cc", "L", "Zs", "So", "Cf"]))


@given(anything)
def test_only_newline_and_tab_are_left_of_the_control_characters(text: str) -> None:
    controls = {sign for sign in printable(text) if unicodedata.category(sign) == "Cc"}
    assert controls <= {"\n", "\t"}


@given(anything)
def test_nothing_else_is_lost(text: str) -> None:
    kept = [sign for sign in text if sign in "\n\t" or unicodedata.category(sign) != "Cc"]
    assert printable(text) == "".join(kept)


def test_an_escape_sequence_loses_its_escape() -> None:
    assert printable("\x1b]52;c;eA==\x07a\x9b2Jb") == "]52;c;eA==a2Jb"


def test_one_line_has_no_line_end() -> None:
    assert one_line(" a\n\tb\r\n c ") == "a b c"
