"""Access tokens as somebody might make them up, many of them signed with our own key."""

import base64
import hmac
import json
from typing import Any, TypeAlias

from hypothesis import strategies as st

from mlx_relay.auth.tokens import AUDIENCE, ISSUER, TYPE

KEY = bytes(range(32))
NOW = 1_800_000_000
Json: TypeAlias = Any
HEADER: dict[str, Json] = {"alg": "HS256", "typ": TYPE}
CLAIMS: dict[str, Json] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "7",
    "jti": "one",
    "sid": "in",
    "iat": NOW,
    "exp": NOW + 900,
    "ver": 3,
}

json_values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from([[], {}, [[]], [1, "a"], {"a": {"b": None}}])
)
near_values = st.sampled_from(
    [
        *HEADER.values(),
        *CLAIMS.values(),
        "none",
        "HS512",
        "RS256",
        "JWT",
        [AUDIENCE],
        [ISSUER],
        str(NOW),
        7,
        "-7",
        "\u0667",  # a digit, but not one of ours
        NOW - 1,
        NOW + 31,
        NOW + 90_000,
        float(NOW),
        10**30,
        True,
        {},
        "' OR 1=1--",
        "../../dev/null",
    ]
)
names = st.sampled_from(
    [*CLAIMS, "nbf", "alg", "typ", "kid", "crit", "b64", "jku", "x5u", "jwk", "zip", "cty"]
)
changes = st.dictionaries(names | st.text(max_size=5), near_values | json_values, max_size=3)


@st.composite
def parts(draw: st.DrawFn, good: dict[str, Json]) -> bytes:
    """Return a part of a token: *good* with changes, or other JSON, or no JSON at all."""
    kind = draw(st.sampled_from([*["changed"] * 20, "other", "noise"]))
    if kind == "noise":
        return draw(st.binary(max_size=60))
    if kind == "other":
        return json.dumps(draw(json_values)).encode()
    left_out = draw(st.sampled_from([set(), set(), set(), *({name} for name in good)]))
    whole = {name: value for name, value in good.items() if name not in left_out}
    text = json.dumps(whole | draw(changes))
    if draw(st.integers(0, 4)) == 4:
        name = draw(st.sampled_from([*good]))
        text = f'{text[:-1]}, "{name}": {json.dumps(draw(near_values))}}}'  # a second value
    return text.encode()


@st.composite
def tokens(draw: st.DrawFn) -> str:
    """Return three parts, signed with our key or with another one, some of them spoilt after."""
    said = b".".join([encoded(draw(parts(HEADER))), encoded(draw(parts(CLAIMS)))])
    key = draw(st.sampled_from([KEY, KEY, KEY, bytes(32), b""]))
    token = said + b"." + encoded(hmac.digest(key, said, "sha256"))
    text = token.decode()
    if draw(st.integers(0, 9)) == 9:
        position = draw(st.integers(0, len(text)))
        text = text[:position] + draw(st.text(max_size=3)) + text[position + 1 :]
    return text


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
