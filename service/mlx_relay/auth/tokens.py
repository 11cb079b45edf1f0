"""Users and their sign-ins to signed tokens, and back. Pure: the caller reads the clock.

JWTs after RFC 9068 (``typ: at+jwt``), signed with HS256 and nothing else (RFC 8725).
"""

import uuid
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec

from mlx_relay.errors import Unauthorized

ISSUER = "mlx-relay"
AUDIENCE = "mlx-relay-api"
TYPE = "at+jwt"
MIN_KEY_BYTES = 32
"""What HS256 asks for (RFC 7518 3.2)."""
MAX_TOKEN_BYTES = 4096
MAX_LIFETIME_SECONDS = 24 * 3600
LEEWAY_SECONDS = 30
"""How far the clock that issued a token may be ahead of ours."""

_REQUIRED = ["exp", "iat", "sub", "iss", "aud", "jti", "sid"]


@dataclass(frozen=True)
class Claims:
    """What a valid token says; it ends before its time with the user's *version* or *sign_in*."""

    user_id: int
    version: int
    sign_in: str


class _Payload(msgspec.Struct, frozen=True):
    """The claims with the types that we issue; PyJWT lets through a list or a string."""

    sub: str
    jti: str
    sid: str
    iss: str
    aud: str
    iat: int
    exp: int
    ver: int
    nbf: int = 0


class TokenSigner:
    """Issues and verifies tokens with *key*; each lives *lifetime_seconds*."""

    def __init__(self, key: bytes, *, lifetime_seconds: int) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")
        self._key = key
        self.lifetime_seconds = lifetime_seconds

    def issue(self, user_id: int, version: int, sign_in: str, *, now: float) -> str:
        """Return a token; *now* in seconds since the epoch, *version* the user's token version."""
        issued_at = int(now)
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "jti": uuid.uuid4().hex,
            "sid": sign_in,
            "iat": issued_at,
            "exp": issued_at + self.lifetime_seconds,
            "ver": version,
        }
        return jwt.encode(payload, self._key, algorithm="HS256", headers={"typ": TYPE})

    def verify(self, token: str, *, now: float) -> Claims:
        """Return what *token* says; raises Unauthorized, whose *reason* tells why."""
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthorized(reason="too_long")
        payload = self._decode(token)
        _check_times(payload, now)
        if not payload.sub.isdecimal():
            raise Unauthorized(reason="claims")
        return Claims(int(payload.sub), payload.ver, payload.sid)

    def _decode(self, token: str) -> _Payload:
        try:
            whole: dict[str, Any] = jwt.decode_complete(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    "enforce_minimum_key_length": True,
                    # The times are checked against the caller's clock.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            payload = msgspec.convert(whole["payload"], _Payload)
        except jwt.InvalidSignatureError:
            raise Unauthorized(reason="signature") from None
        except (jwt.InvalidAlgorithmError, jwt.DecodeError):
            raise Unauthorized(reason="malformed") from None
        except (jwt.PyJWTError, msgspec.ValidationError):
            raise Unauthorized(reason="claims") from None
        except (ValueError, TypeError, RecursionError):
            # The header is read before the signature is checked, and anybody can write one.
            raise Unauthorized(reason="malformed") from None
        if whole["header"].get("typ") != TYPE:
            raise Unauthorized(reason="type")
        return payload


def _check_times(payload: _Payload, now: float) -> None:
    if payload.exp - payload.iat > MAX_LIFETIME_SECONDS:
        raise Unauthorized(reason="claims")
    if payload.exp <= now:
        raise Unauthorized(reason="expired")
    if max(payload.iat, payload.nbf) > now + LEEWAY_SECONDS:
        raise Unauthorized(reason="not_yet_valid")
