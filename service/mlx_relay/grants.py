"""What let a request in, as a value that can be asked for later: does it still stand? Pure."""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

Scope: TypeAlias = Literal["chat", "read", "account", "admin"]
"""What an API key may do: chat; look at things; keep its owner's things; what admins do."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""All of them: what a sign-in has, and a key that was made without a choice."""


class SessionGrant(msgspec.Struct, frozen=True):
    """A token of a sign-in; ends with it, and with any change of the user (*version*)."""

    user_id: int
    version: int
    sign_in: str


class KeyGrant(msgspec.Struct, frozen=True):
    """An API key; ends with it, and when its owner is disabled or gets another *role*."""

    user_id: int
    role: str
    key_id: int


Grant: TypeAlias = SessionGrant | KeyGrant
