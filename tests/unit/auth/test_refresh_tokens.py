"""Refresh tokens: what we issued is read again, everything else is refused without a look-up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.auth.refresh_tokens import RefreshClaims, RefreshSigner
from mlx_relay.errors import Unauthorized

KEY = bytes(range(32))
SIGNER = RefreshSigner(KEY)
SIGN_IN = "0123456789abcdef0123456789abcdef"


def test_what_was_issued_is_read_again() -> None:
    assert SIGNER.read(SIGNER.issue(SIGN_IN, 7)) == RefreshClaims(SIGN_IN, 7)


def test_one_generation_has_one_token_however_often_it_is_issued() -> None:
    assert SIGNER.issue(SIGN_IN, 1) == RefreshSigner(KEY).issue(SIGN_IN, 1)
    assert SIGNER.issue(SIGN_IN, 1) != SIGNER.issue(SIGN_IN, 2)


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(Unauthorized):
        SIGNER.read(RefreshSigner(bytes(32)).issue(SIGN_IN, 1))


def test_nobody_makes_the_next_generation_from_this_one() -> None:
    said, _, signature = SIGNER.issue(SIGN_IN, 1).rpartition(".")
    with pytest.raises(Unauthorized):
        SIGNER.read(f"{said[:-1]}2.{signature}")


@given(st.text(max_size=300))
def test_a_token_that_was_not_issued_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.read(token)


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        RefreshSigner(bytes(31))
