"""Strict JSON: one reading, or an error that says what is wrong."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import InvalidJson
from mlx_relay.web.strict_json import MAX_DEPTH, load

SUITE = Path(__file__).parents[3] / "../shared/data/json"
DUPLICATE_KEYS = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}
PIECES = (
    *(bytes([byte]) for byte in b'{}[],:"\\ \n-+.eE0159aunlf'),
    *(
        b"null",
        b"true",
        b"NaN",
        b"Infinity",
        b"1e999",
        b"9" * 400,
        b'"a":',
        b'"\\u0061":',
        b"[" * 70,
    ),
    *(
        b"\\ud800",
        b"\\udc00",
        b"\\u0000",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xe2\x80\xa8",
    ),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda values: (
        st.lists(values) | st.dictionaries(st.text(st.characters(codec="utf-8")), values)
    ),
)


@given(VALUES)
def test_what_json_can_say_is_read_as_it_was_meant(value: object) -> None:
    assert load(json.dumps(value).encode()) == value
    assert load(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=100))
def test_any_bytes_are_a_value_or_invalid_json(data: bytes) -> None:
    with suppress(InvalidJson):
        load(data)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_what_is_read_is_json_that_every_reader_reads_alike(data: bytes) -> None:
    with suppress(InvalidJson):
        value = load(data)
        assert json.loads(data, parse_constant=pytest.fail) == value
        assert load(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not valid JSON: line 1, column 1"),
        (b"{", "not valid JSON: line 1"),
        (b'{"a": 1,\n}', "not valid JSON: line 2, column 1"),
        (b"{} {}", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": 01}', "not valid JSON"),
        (b'"a\nb"', "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b"[1e999]", "too large"),
        (b"[-1e999]", "too large"),
        (b"[NaN]", "NaN, which is not JSON"),
        (b"[Infinity]", "Infinity, which is not JSON"),
        (b"[-Infinity]", "-Infinity, which is not JSON"),
        (b"[" + b"9" * 5000 + b"]", "not valid JSON"),
        (b'{"a": 1, "a": 1}', "same key twice"),
        (b'[{"b": {"\\u0061": 1, "a": 2}}]', "same key twice"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "not valid JSON"),
        (b'"\\ud800"', "surrogate"),
        (b'["\\uDC00\\ud800"]', "surrogate"),
        (b'{"\\ud83d": 1}', "surrogate"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deeper than 64"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deeper than 64"),
        (b"[" * 100_000, "deeper than 64"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 64"),
    ],
)
def test_what_readers_differ_on_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(InvalidJson, match=complaint):
        load(data)


def test_nesting_up_to_the_limit_is_read() -> None:
    assert load(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    wide: list[list[int]] = [[] for _ in range(1000)]
    assert load(json.dumps(wide).encode()) == wide


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert load(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_a_message_never_quotes_the_data() -> None:
    with pytest.raises(InvalidJson) as caught:
        load(b'{"password": "correct horse", "password": 1, }')
    assert "correct horse" not in caught.value.message


@pytest.mark.skipif(not SUITE.is_dir(), reason="the shared test data is not here")
def test_the_json_test_suite_is_read_as_the_standard_says() -> None:
    read = {path.name: _is_read(path) for path in sorted(SUITE.glob("*.json"))}
    assert [name for name, is_read in read.items() if name.startswith("n_") and is_read] == []
    refused = {name for name, is_read in read.items() if name.startswith("y_") and not is_read}
    assert refused == DUPLICATE_KEYS


def _is_read(path: Path) -> bool:
    try:
        load(path.read_bytes())
    except InvalidJson:
        return False
    return True
