import sys

import pytest
import yaml

from fake_mlx.cassette import CassetteError
from fake_mlx.import_vcr import cassettes_of, import_vcr

TAPE = {
    "version": 1,
    "interactions": [
        {
            "request": {
                "method": "POST",
                "uri": "http://127.0.0.1:8000/v1/chat/completions",
                "body": '{"model":"m"}',
                "headers": {"Accept": ["a"]},
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"Content-Type": ["text/event-stream"]},
                "body": {"string": body},
            },
        }
        for body in ("data: 1\n\n", b"\xff")
    ],
}


def test_interactions_become_cassettes() -> None:
    first, second = cassettes_of(TAPE, "tape", "x")
    assert (first.header.name, second.header.name) == ("tape_001", "tape_002")
    assert (first.body, second.body) == (b"data: 1\n\n", b"\xff")
    assert first.header.request.json == {"model": "m"}
    assert first.header.request.headers == (("Accept", "a"),)


@pytest.mark.parametrize("tape", [None, {}, {"interactions": [1]}])
def test_what_is_no_tape_is_refused(tape: object) -> None:
    with pytest.raises(CassetteError, match="no vcr cassette"):
        cassettes_of(tape, "tape", "x")


def test_without_pyyaml_it_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(CassetteError, match="need PyYAML"):
        import_vcr(b"", "tape", "x")


def test_yaml_is_read() -> None:
    (first, _) = import_vcr(yaml.safe_dump(TAPE).encode(), "tape", "x")
    assert first.body == b"data: 1\n\n"


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(CassetteError, match="not YAML"):
        import_vcr(b"a: [", "tape", "x")
