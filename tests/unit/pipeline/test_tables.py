"""What to look for where."""

from mlx_relay.pipeline.markers import Capture, Family, Marker
from mlx_relay.pipeline.tables import Place, Table, Tables, ends_of

FAMILY = Family(
    text=(
        Marker("any", to="thinking"),
        Marker("first", to="thinking", where="first"),
        Marker("call", to="thinking", where="after_call"),
        Marker("leading", to="thinking", where="leading", drops_blank=True),
        Marker("code", to="thinking", where="outside_code", before="\n"),
    ),
    section=(Marker("end", to="text"),),
)


def live(place: Place, *, in_code: bool = False) -> set[str]:
    return set(Tables(FAMILY).at("text", place, in_code=in_code).markers)


def test_each_place_has_its_markers() -> None:
    assert live("first") == {"any", "first", "leading", "code"}
    assert live("after_call") == {"any", "first", "call", "leading", "code"}
    assert live("leading") == {"any", "leading", "code"}
    assert live("later") == {"any", "code"}
    assert live("later", in_code=True) == {"any"}


def test_white_space_is_held_where_a_marker_may_own_it() -> None:
    tables = Tables(FAMILY)
    assert tables.at("text", "later", in_code=False).held == "\n"
    assert " " in tables.at("text", "leading", in_code=False).held
    assert " " in tables.at("section", "later", in_code=False).held
    assert tables.at("thinking", "first", in_code=False).held == ""


def test_a_text_without_a_first_character_of_a_marker_is_passed_over() -> None:
    table = Table([Marker("<a>", to="text"), Marker("]", to="text")])
    assert [table.may_match(text) for text in ("abc", "a<", "a]")] == [False, True, True]
    assert not Table([]).may_match("<")


def test_what_ends_a_capture_is_a_table() -> None:
    capture = Capture(read=lambda body: None, closing=("</a>",), stops=("<a>",))
    assert set(ends_of(capture).markers) == {"</a>", "<a>"}
