"""A credential is checked before anything is looked up, and against the user's present state."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from mlx_relay.auth.api_keys import hash_api_key, make_api_key
from mlx_relay.auth.authenticator import Authenticator, Identity
from mlx_relay.auth.credentials import Channel, Credential
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.errors import NotFound, Unauthorized
from mlx_relay.grants import SCOPES, KeyGrant, Scope, SessionGrant

SIGNER = TokenSigner(bytes(32), lifetime_seconds=900)
SECRET = make_api_key()


@dataclass(frozen=True)
class FakeAccount:
    id: int = 7
    name: str = "ada"
    role: str = "user"
    disabled: bool = False
    token_version: int = 3


@dataclass(frozen=True)
class FakeKey:
    id: int = 5
    user_id: int = 7
    scopes: tuple[Scope, ...] = ("chat",)
    expires_at: datetime | None = None


class People:
    """One account and one key; counts who asks for them."""

    def __init__(self) -> None:
        self.account = FakeAccount()
        self.key = FakeKey()
        self.asked = 0
        self.is_signed_in = True
        self.authenticator = Authenticator(
            SIGNER,
            find_signed_in=self.find_signed_in,
            find_account=self.find,
            find_key=self.find_key,
        )

    async def find(self, user_id: int) -> FakeAccount:
        self.asked += 1
        if user_id != self.account.id:
            raise NotFound
        return self.account

    async def find_signed_in(self, sign_in: str) -> FakeAccount:
        self.asked += 1
        if sign_in != "in" or not self.is_signed_in:
            raise NotFound
        return self.account

    async def find_key(self, secret_hash: str) -> FakeKey:
        self.asked += 1
        if secret_hash != hash_api_key(SECRET):
            raise NotFound
        return self.key

    async def identify(self, secret: str, via: Channel = "token") -> Identity:
        return await self.authenticator.identify(Credential(via, secret))

    async def reason_for(self, secret: str, via: Channel = "token") -> str:
        with pytest.raises(Unauthorized) as caught:
            await self.identify(secret, via)
        return caught.value.reason


@pytest.fixture
def people() -> People:
    return People()


def token(user_id: int = 7, version: int = 3, *, age: float = 0.0) -> str:
    return SIGNER.issue(user_id, version, "in", now=time.time() - age)


async def test_a_good_credential_tells_who_asks_and_how(people: People) -> None:
    session = SessionGrant(7, 3, "in")
    assert await people.identify(token()) == Identity(7, "ada", "user", "token", session, SCOPES)
    by_cookie = await people.identify(token(), "cookie")
    assert by_cookie == Identity(7, "ada", "user", "cookie", session, SCOPES)
    by_key = await people.identify(SECRET, "api_key")
    assert by_key == Identity(7, "ada", "user", "api_key", KeyGrant(7, "user", 5), ("chat",))


@pytest.mark.parametrize("secret", ["", "a.b.c", "' OR 1=1--", token(age=1000)])
async def test_a_bad_token_looks_nothing_up(people: People, secret: str) -> None:
    await people.reason_for(secret)
    await people.reason_for(secret, "cookie")
    assert people.asked == 0


async def test_a_key_of_the_wrong_shape_looks_nothing_up(people: People) -> None:
    assert await people.reason_for("mlxr_' OR 1=1--", "api_key") == "malformed"
    assert people.asked == 0


async def test_a_key_that_nobody_made_is_unknown(people: People) -> None:
    assert await people.reason_for(make_api_key(), "api_key") == "unknown"


async def test_an_api_key_in_the_cookie_is_no_session(people: People) -> None:
    assert await people.reason_for(SECRET, "cookie") == "malformed"


async def test_a_token_of_a_sign_in_that_has_ended_is_unknown(people: People) -> None:
    people.is_signed_in = False
    assert await people.reason_for(token()) == "unknown"
    assert await people.reason_for(token(), "cookie") == "unknown"


async def test_a_token_of_somebody_elses_sign_in_is_superseded(people: People) -> None:
    assert await people.reason_for(token(8)) == "superseded"


async def test_a_token_from_before_a_change_is_superseded(people: People) -> None:
    assert await people.reason_for(token(version=2)) == "superseded"
    assert await people.reason_for(token(version=4)) == "superseded"


async def test_a_disabled_user_is_out_by_every_channel(people: People) -> None:
    people.account = replace(people.account, disabled=True)
    assert await people.reason_for(token()) == "disabled"
    assert await people.reason_for(SECRET, "api_key") == "disabled"


async def test_a_key_ends_when_it_expires(people: People) -> None:
    people.key = FakeKey(expires_at=datetime.now(UTC) + timedelta(hours=1))
    await people.identify(SECRET, "api_key")
    people.key = FakeKey(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    people.authenticator.forget()
    assert await people.reason_for(SECRET, "api_key") == "expired"


async def test_many_requests_of_one_user_are_one_look_up(people: People) -> None:
    for _ in range(10):
        await people.identify(token())
    assert people.asked == 1


async def test_a_change_counts_at_once_when_it_is_told(people: People) -> None:
    await people.identify(token())
    people.account = replace(people.account, token_version=4)
    people.authenticator.forget()
    assert await people.reason_for(token()) == "superseded"
