import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_mlx.parts import Part, Style, guess_style, join_parts, split_parts

COMPACT = Style((",", ":"), ascii_only=False)
STYLES = st.sampled_from(
    [Style(), COMPACT, Style(eol="\r\n"), Style(eol="\r"), Style(ascii_only=False)]
)


def test_a_whole_event_is_kept_as_its_json() -> None:
    assert split_parts(b'data: {"a": "\\u00e9"}\n\n', Style()) == [{"e": {"a": "é"}}]


def test_an_event_in_another_style_stays_text() -> None:
    assert split_parts(b'data: {"a":1}\n\n', Style()) == [{"s": 'data: {"a":1}\n\n'}]


def test_what_is_no_event_joins_its_neighbours() -> None:
    data = b': ping\n\ndata: [DONE]\n\ndata: {"a": 1}\n\ndata: {"b'
    assert split_parts(data, Style()) == [
        {"s": ": ping\n\ndata: [DONE]\n\n"},
        {"e": {"a": 1}},
        {"s": 'data: {"b'},
    ]


def test_bytes_that_are_not_utf8_are_base64() -> None:
    assert split_parts(b"\xe2\x8a", Style()) == [{"b": "4oo="}]


@pytest.mark.parametrize(
    "event",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": NaN}',
        b'{"a": 1e5}',
        b'{"a": ' + b"[" * 600 + b"]" * 600 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_json_that_would_come_back_changed_stays_text(event: bytes) -> None:
    data = b"data: " + event + b"\n\n"
    parts = split_parts(data, Style())
    assert "e" not in parts[0]
    assert join_parts(parts, Style()) == data


@given(data=st.binary() | st.text().map(str.encode), style=STYLES)
def test_any_bytes_come_back_the_same(data: bytes, style: Style) -> None:
    assert join_parts(split_parts(data, style), style) == data


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists)


@given(event=st.dictionaries(st.text(), JSON), style=STYLES)
def test_any_event_comes_back_the_same(event: Part, style: Style) -> None:
    data = join_parts([{"e": event}], style)
    assert join_parts(split_parts(data, style), style) == data


@pytest.mark.parametrize("style", [Style(), COMPACT, Style(eol="\r\n"), Style(eol="\r")])
def test_the_style_is_guessed_from_the_body(style: Style) -> None:
    body = join_parts([{"e": {"a": "é", "b": [1, 2]}}] * 3, style)
    assert guess_style(body) == style


@pytest.mark.parametrize(
    "part", [{}, {"e": []}, {"s": 1}, {"b": "?"}, {"s": "a", "b": "YQ=="}, {"x": "a"}]
)
def test_what_is_no_part_is_refused(part: Part) -> None:
    with pytest.raises(ValueError):
        join_parts([part], Style())
