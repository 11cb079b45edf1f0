"""What setup_sessions puts together, from the database up to the guarded routes."""

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, event

from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.grants import SessionGrant
from mlx_relay.profiles import ProfileFields
from mlx_relay.web.app_keys import LIVE_STREAMS, PROFILES
from support.made_up_tokens import tokens

from .conftest import SIGNER, Edge

ANOTHER = TokenSigner(bytes(32), lifetime_seconds=900)


async def test_the_use_of_a_key_is_noted(edge: Edge) -> None:
    secret = await edge.make_key(edge.user)
    headers = bearer(secret)
    await edge.send("GET", "/api/auth/me", headers=headers)
    async with asyncio.timeout(30):
        while not (await edge.repository.api_keys())[0].last_used_at:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "secret", ["' OR 1=1--", "a.b.c", "mlxr_' OR 1=1--", "", ANOTHER.issue(1, 0, "x", now=0)]
)
async def test_nothing_is_asked_of_the_database_before_a_credential_can_be_good(
    edge: Edge, secret: str
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for headers in (bearer(secret), cookie(secret)):
            assert (await edge.send("GET", "/api/users", headers=headers))[0] == 401
        assert statements == []
        await edge.as_admin("GET", "/api/users")
        assert statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=tokens())
async def test_no_made_up_token_gets_in_or_makes_the_server_fail(edge: Edge, token: str) -> None:
    text = "".join(character for character in token if "!" <= character <= "~")
    assert (await edge.send("GET", "/api/auth/me", headers=bearer(text)))[0] == 401
    assert (await edge.send("GET", "/api/auth/me", headers=cookie(text)))[0] == 401


async def test_who_lost_a_stream_is_not_let_in_by_what_was_remembered(edge: Edge) -> None:
    assert (await edge.as_plain_user("GET", "/api/auth/me"))[0] == 200
    sign_in = SIGNER.verify(secret_of(edge), now=time.time()).sign_in
    ended = asyncio.Event()
    with edge.get(LIVE_STREAMS).hold(SessionGrant(edge.user.id, 0, sign_in), ended.set):
        await edge.repository.change_user(edge.user.id, disabled=True)
        edge.get(LIVE_STREAMS).look()
        await ended.wait()
    assert (await edge.as_plain_user("GET", "/api/auth/me"))[0] == 401


def secret_of(edge: Edge) -> str:
    return edge.bearer(edge.user)["Authorization"].removeprefix("Bearer ")


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def cookie(secret: str) -> dict[str, str]:
    return {"Cookie": f"mlx_relay_session={secret}"}


async def test_the_next_chat_sees_a_profile_as_an_admin_has_just_changed_it(edge: Edge) -> None:
    assert edge.client.app is not None
    profiles = edge.client.app[PROFILES]
    added = await edge.repository.add_profile(
        ProfileFields(name="qwen", host="127.0.0.1", port=8000, model_path="m")
    )
    assert await profiles.get(added.id) == await profiles.get("qwen") == added
    await edge.as_admin("PATCH", f"/api/profiles/{added.id}", {"port": 9000})
    assert (await profiles.get(added.id)).port == (await profiles.get("qwen")).port == 9000
