import pytest

from fake_mlx.cassette import dumps, loads
from fake_mlx.fault_answers import REFUSALS, refuse
from handmade import handmade


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_cassette_of_its_own(name: str) -> None:
    refused = refuse(handmade(b"one"), REFUSALS[name])
    assert loads(dumps(refused), name) == refused
    assert refused.header.response.status == REFUSALS[name].status


def test_an_answer_without_a_body_has_no_length() -> None:
    names = dict(refuse(handmade(), REFUSALS["http_204"]).header.response.headers)
    assert "Content-Length" not in names


def test_a_refusal_comes_when_the_head_did() -> None:
    refused = refuse(handmade(b"one"), REFUSALS["http_429"])
    assert refused.header.response.headers[1] == ("Retry-After", "2")
    assert {chunk.t for chunk in refused.chunks} == {0.0}
