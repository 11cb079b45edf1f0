"""A credential in; the identity behind it out. Looks nothing up for one that cannot be good."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from mlx_relay.auth.api_keys import has_shape_of_api_key, hash_api_key
from mlx_relay.auth.credentials import Channel, Credential
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import NotFound, Unauthorized
from mlx_relay.grants import SCOPES, Grant, KeyGrant, Scope, SessionGrant


class Account(Protocol):
    """What must be known of a user to let them in."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def disabled(self) -> bool: ...
    @property
    def token_version(self) -> int: ...


class AccountKey(Protocol):
    """What must be known of an API key to let its owner in."""

    @property
    def id(self) -> int: ...
    @property
    def user_id(self) -> int: ...
    @property
    def scopes(self) -> tuple[Scope, ...]: ...
    @property
    def expires_at(self) -> datetime | None: ...


FindAccount: TypeAlias = Callable[[int], Awaitable[Account]]
FindSignedIn: TypeAlias = Callable[[str], Awaitable[Account]]
FindKey: TypeAlias = Callable[[str], Awaitable[AccountKey]]


@dataclass(frozen=True)
class Identity:
    """Who is asking, by which channel they proved it, and what that lets them do."""

    user_id: int
    name: str
    role: str
    via: Channel
    grant: Grant
    scopes: tuple[Scope, ...] = SCOPES


class Authenticator:
    """Knows people by *find_signed_in* (by a sign-in that goes on), *find_account* (by id) and
    *find_key* (by hash); all raise NotFound.

    What they gave is remembered for a few seconds; ``forget`` makes a change count at once.
    """

    def __init__(
        self,
        tokens: TokenSigner,
        *,
        find_signed_in: FindSignedIn,
        find_account: FindAccount,
        find_key: FindKey,
    ) -> None:
        self._tokens = tokens
        self._signed_in = TtlCache(find_signed_in)
        self._accounts = TtlCache(find_account)
        self._keys = TtlCache(find_key)

    async def identify(self, credential: Credential) -> Identity:
        """Return who brings *credential*; raises Unauthorized."""
        try:
            if credential.via == "api_key":
                return await self._by_key(credential.secret)
            return await self._by_token(credential.secret, credential.via)
        except NotFound:
            raise Unauthorized(reason="unknown") from None

    def forget(self) -> None:
        self._signed_in.clear()
        self._accounts.clear()
        self._keys.clear()

    async def _by_token(self, token: str, via: Channel) -> Identity:
        claims = self._tokens.verify(token, now=time.time())
        account = await self._signed_in.get(claims.sign_in)
        _check_enabled(account)
        if (account.id, account.token_version) != (claims.user_id, claims.version):
            raise Unauthorized(reason="superseded")
        grant = SessionGrant(account.id, account.token_version, claims.sign_in)
        return Identity(account.id, account.name, account.role, via, grant)

    async def _by_key(self, secret: str) -> Identity:
        if not has_shape_of_api_key(secret):
            raise Unauthorized(reason="malformed")
        key = await self._keys.get(hash_api_key(secret))
        if key.expires_at is not None and key.expires_at <= datetime.now(UTC):
            raise Unauthorized(reason="expired")
        account = await self._accounts.get(key.user_id)
        _check_enabled(account)
        grant = KeyGrant(account.id, account.role, key.id)
        return Identity(account.id, account.name, account.role, "api_key", grant, key.scopes)


def _check_enabled(account: Account) -> None:
    if account.disabled:
        raise Unauthorized(reason="disabled")
