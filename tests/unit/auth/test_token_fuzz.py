"""Made-up tokens against the verifier: Unauthorized and nothing else, unless all of it is right.

What is right is said twice: by the verifier, and by a second reading here, which shares no code
with it. Many of the tokens are signed with our own key, or hardly anything but the signature would
be looked at.
"""

import base64
import binascii
import hmac
import json

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from mlx_relay.auth.tokens import AUDIENCE, ISSUER, TYPE, Claims, TokenSigner
from mlx_relay.errors import Unauthorized
from support.made_up_tokens import KEY, NOW, tokens

SIGNER = TokenSigner(KEY, lifetime_seconds=900)
MANY = 20 * settings.default.max_examples  # type: ignore[union-attr]  # a profile is loaded


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_again(token: str) -> Claims | None:
    """Return what *token* says if everything about it is right."""
    try:
        said, _, signature = token.rpartition(".")
        is_ours = decoded(signature) == hmac.digest(KEY, said.encode(), "sha256")
        header, claims = (json.loads(decoded(part)) for part in said.split("."))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not is_ours or not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    is_right = (
        header.get("alg") == "HS256"
        and header.get("typ") == TYPE
        and "crit" not in header
        and all(type(claims.get(name)) is str for name in ("iss", "aud", "sub", "jti", "sid"))
        and all(type(claims.get(name, 0)) is int for name in ("iat", "exp", "ver", "nbf"))
        and {"iat", "exp", "ver"} <= set(claims)
        and (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
        and claims["sub"].isdecimal()
        and NOW < claims["exp"] <= claims["iat"] + 86_400
        and max(claims["iat"], claims.get("nbf", 0)) <= NOW + 30
    )
    return Claims(int(claims["sub"]), claims["ver"], claims["sid"]) if is_right else None


@settings(max_examples=MANY)
@given(token=tokens())
@example(token=SIGNER.issue(7, 3, "in", now=NOW))
def test_a_made_up_token_is_refused_unless_all_of_it_is_right(token: str) -> None:
    try:
        claims = SIGNER.verify(token, now=NOW)
    except Unauthorized as refused:
        event(f"refused: {refused.reason}")
    else:
        event("accepted")
        assert claims == read_again(token)


def test_the_second_reading_takes_what_we_issue() -> None:
    assert read_again(SIGNER.issue(7, 3, "in", now=NOW)) == Claims(7, 3, "in")


@settings(max_examples=MANY)
@given(
    noise=st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("latin-1"))
)
def test_noise_is_refused(noise: str) -> None:
    try:
        SIGNER.verify(noise, now=NOW)
    except Unauthorized:
        return
    raise AssertionError(noise)
