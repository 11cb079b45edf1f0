"""Tokens: what we issue comes back, and everything else is refused with a reason."""

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.auth.tokens import AUDIENCE, ISSUER, MAX_TOKEN_BYTES, TYPE, Claims, TokenSigner
from mlx_relay.errors import Unauthorized

KEY = bytes(range(32))
NOW = 1_800_000_000.0
SIGNER = TokenSigner(KEY, lifetime_seconds=900)
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "7",
    "jti": "one",
    "sid": "in",
    "iat": int(NOW),
    "exp": int(NOW) + 900,
    "ver": 3,
}


def signed(
    key: bytes = KEY,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Return a token with our claims but for *claims*; a claim of None is left out."""
    payload = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"typ": TYPE} | (headers or {}))


def unsigned(header: object, payload: object = CLAIMS, signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (header, payload))
    return ".".join([*(part.decode().rstrip("=") for part in parts), signature])


def _claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def reason_of(token: str, now: float = NOW) -> str:
    with pytest.raises(Unauthorized) as caught:
        SIGNER.verify(token, now=now)
    assert token not in caught.value.message
    return caught.value.reason


def test_an_issued_token_says_who_and_which_version() -> None:
    claims = SIGNER.verify(SIGNER.issue(7, 3, "in", now=NOW), now=NOW + 899)
    assert claims == Claims(7, 3, "in")


def test_two_tokens_of_one_moment_have_their_own_ids() -> None:
    first, second = (_claims_of(SIGNER.issue(7, 3, "in", now=NOW)) for _ in range(2))
    assert first.pop("jti") != second.pop("jti")
    assert first == second


def test_the_token_that_the_tables_below_spoil_is_good() -> None:
    assert SIGNER.verify(signed(), now=NOW) == Claims(7, 3, "in")


def test_a_token_ends_with_its_lifetime() -> None:
    assert reason_of(SIGNER.issue(7, 3, "in", now=NOW), now=NOW + 900) == "expired"


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "iss", "aud", "jti", "sid", "ver"])
def test_every_claim_is_required(claim: str) -> None:
    missing: dict[str, Any] = {claim: None}
    assert reason_of(signed(**missing)) == "claims"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "other"}, "claims"),
        ({"aud": [AUDIENCE]}, "claims"),
        ({"aud": [AUDIENCE, "other"]}, "claims"),
        ({"iss": "other"}, "claims"),
        ({"iss": ISSUER[:3]}, "claims"),
        ({"iss": f"{ISSUER}2"}, "claims"),
        ({"sub": "ada"}, "claims"),
        ({"sub": "-7"}, "claims"),
        ({"sub": ""}, "claims"),
        ({"sid": 1}, "claims"),
        ({"ver": "3"}, "claims"),
        ({"ver": True}, "claims"),
        ({"exp": str(int(NOW) + 900)}, "claims"),
        ({"exp": 10**30}, "claims"),
        ({"exp": int(NOW) + 90_000}, "claims"),
        ({"exp": float("inf")}, "claims"),
        ({"exp": float("nan")}, "claims"),
        ({"exp": [1]}, "claims"),
        ({"iat": int(NOW) + 60}, "not_yet_valid"),
        ({"nbf": int(NOW) + 60}, "not_yet_valid"),
        ({"exp": int(NOW)}, "expired"),
    ],
)
def test_a_wrong_claim_is_refused_although_the_signature_holds(
    claims: dict[str, Any], reason: str
) -> None:
    assert reason_of(signed(**claims)) == reason


def test_a_subject_that_is_no_text_is_refused() -> None:
    payload = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"sub": 7}).encode()).rstrip(b"=")
    token = jwt.api_jws.encode(
        base64.urlsafe_b64decode(payload + b"=="), KEY, algorithm="HS256", headers={"typ": TYPE}
    )
    assert reason_of(token) == "claims"


def test_a_clock_that_is_a_little_ahead_is_forgiven() -> None:
    assert SIGNER.verify(signed(iat=int(NOW) + 20), now=NOW).user_id == 7


@pytest.mark.parametrize("kind", ["JWT", "rt+jwt", "AT+JWT", None, 1])
def test_another_type_of_token_is_no_access_token(kind: object) -> None:
    assert reason_of(signed(headers={"typ": kind})) in ("type", "malformed")


@pytest.mark.parametrize("algorithm", ["none", "NoNe", "NONE", "", None, 1, "RS256", "HS256 "])
def test_a_token_without_our_algorithm_is_refused(algorithm: object) -> None:
    assert reason_of(unsigned({"alg": algorithm, "typ": TYPE})) == "malformed"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_our_own_key_with_another_algorithm_is_refused(algorithm: str) -> None:
    assert reason_of(signed(KEY * 2, algorithm)) == "malformed"
    signer = TokenSigner(KEY * 2, lifetime_seconds=900)
    with pytest.raises(Unauthorized):
        signer.verify(signed(KEY * 2, algorithm), now=NOW)


def test_a_stripped_a_flipped_and_a_foreign_signature_are_refused() -> None:
    head, payload, signature = signed().split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert reason_of(f"{head}.{payload}.") == "signature"
    assert reason_of(f"{head}.{payload}") == "malformed"
    assert reason_of(f"{head}.{payload}.{flipped}") == "signature"
    assert reason_of(signed(bytes(32))) == "signature"


@pytest.mark.parametrize(
    "headers",
    [
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1--"},
        {"jku": "http://127.0.0.1/keys"},
        {"x5u": "http://127.0.0.1/keys"},
        {"jwk": {"kty": "oct", "k": ""}},
    ],
)
def test_a_token_cannot_choose_its_own_key(headers: dict[str, Any]) -> None:
    assert reason_of(signed(bytes(32), headers=headers)) == "signature"


def test_a_critical_header_that_nobody_knows_is_refused() -> None:
    assert reason_of(signed(headers={"crit": ["x"], "x": 1})) == "claims"


def test_a_token_that_is_too_long_is_not_decoded() -> None:
    assert reason_of("a" * (MAX_TOKEN_BYTES + 1)) == "too_long"


def test_a_header_of_many_brackets_is_malformed() -> None:
    head = base64.urlsafe_b64encode(b"[" * 2900).decode()
    assert reason_of(f"{head}.e30.") == "malformed"


@pytest.mark.parametrize("token", ["", ".", "..", "' OR 1=1--", "a.b.c", "\udcff", "é.é.é", "\0"])
def test_garbage_is_malformed(token: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        SIGNER.verify(token, now=NOW)
    assert caught.value.reason == "malformed"


@given(text=st.text(max_size=200))
def test_any_text_is_refused_with_unauthorized_and_nothing_else(text: str) -> None:
    with pytest.raises(Unauthorized):
        SIGNER.verify(text, now=NOW)


@given(position=st.integers(0, 400), character=st.characters(codec="utf-8"))
def test_a_token_changed_anywhere_is_refused(position: int, character: str) -> None:
    token = signed()
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    if _is_same_token(changed, token):
        return
    with pytest.raises(Unauthorized):
        SIGNER.verify(changed, now=NOW)


def _is_same_token(changed: str, token: str) -> bool:
    """The last character of base64 has spare bits, which nobody signs."""
    return changed == token or changed[:-1] == token[:-1]


@pytest.mark.parametrize("key", [b"", b"secret", bytes(31)])
def test_a_short_key_signs_nothing(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenSigner(key, lifetime_seconds=900)
