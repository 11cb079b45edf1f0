"""Who counts as an admin."""

from datetime import UTC, datetime

from mlx_relay.storage.records import Role, User


def user(role: Role, *, disabled: bool) -> User:
    return User(
        id=1,
        name="ada",
        role=role,
        disabled=disabled,
        token_version=0,
        created_at=datetime.now(UTC),
    )


def test_only_an_admin_who_can_sign_in_is_an_active_one() -> None:
    assert user("admin", disabled=False).is_active_admin
    assert not user("admin", disabled=True).is_active_admin
    assert not user("user", disabled=False).is_active_admin
