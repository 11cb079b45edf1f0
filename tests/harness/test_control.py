import pytest

from fake_mlx.control import BadControl, make_control, parse_control
from fake_mlx.faults import Fault


def test_faults_over_all_come_before_those_of_a_model() -> None:
    control = parse_control(b'{"faults": ["cr"], "models": {"m": ["stall@3"]}, "seed": 7}')
    assert control.faults_of("m") == [Fault("cr"), Fault("stall", 3)]
    assert control.faults_of("other") == control.faults_of(None) == [Fault("cr")]
    assert control.seed == 7


def test_a_configuration_says_of_itself_what_it_was_made_of() -> None:
    text = {"faults": ["cr"], "models": {"m": ["stall@3"]}, "seed": 7}
    assert make_control(["cr"], {"m": ["stall@3"]}, 7).as_json() == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "truncated"),
        (b"[]", "object"),
        (b'{"fault": []}', "unknown field"),
        (b'{"faults": "cr"}', "array"),
        (b'{"faults": ["stal"]}', "stall"),
        (b'{"models": {"m": ["stall@x"]}}', "number"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadControl, match=reason):
        parse_control(data)
