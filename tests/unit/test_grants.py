"""Grants are values: who brings the same credential has the same grant."""

from mlx_relay.grants import SCOPES, Grant, KeyGrant, SessionGrant


def test_grants_are_told_apart_by_all_that_can_end_them() -> None:
    grants: set[Grant] = {
        SessionGrant(1, 0, "a"),
        SessionGrant(1, 0, "a"),
        SessionGrant(1, 1, "a"),
        SessionGrant(1, 0, "b"),
        KeyGrant(1, "user", 1),
        KeyGrant(1, "admin", 1),
        KeyGrant(1, "user", 2),
    }
    assert len(grants) == 6


def test_every_scope_is_in_the_list_of_all() -> None:
    assert SCOPES == ("chat", "read", "account", "admin")
