"""API keys are long, random and recognisable."""

import pytest

from mlx_relay.auth.api_keys import (
    has_shape_of_api_key,
    hash_api_key,
    make_api_key,
    visible_part,
)


def test_a_key_is_recognised_by_its_shape() -> None:
    key = make_api_key()
    assert key.startswith("mlxr_")
    assert has_shape_of_api_key(key)
    assert make_api_key() != key


@pytest.mark.parametrize("text", ["", "mlxr_", "mlxr_short", "xlxr_" + "a" * 43, "mlxr_' OR 1=1--"])
def test_other_text_is_no_key(text: str) -> None:
    assert not has_shape_of_api_key(text)
    assert not has_shape_of_api_key("mlxr_" + "a" * 43 + "\n")


def test_what_is_stored_tells_keys_apart_but_does_not_give_them_away() -> None:
    key = make_api_key()
    assert len(hash_api_key(key)) == 64
    assert hash_api_key(key) != hash_api_key(make_api_key())
    assert key.startswith(visible_part(key))
    assert len(visible_part(key)) == 12
