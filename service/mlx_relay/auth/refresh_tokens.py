"""Sign-ins and their generations to refresh tokens, and back. Pure.

A token is ``sign-in.generation.signature``. The database keeps the first two alone, so who reads
it can sign in as nobody, and a token that nobody issued costs no look-up.
"""

import base64
import hmac
from dataclasses import dataclass

from mlx_relay.auth.tokens import MIN_KEY_BYTES
from mlx_relay.errors import Unauthorized

MAX_TOKEN_BYTES = 256
_PURPOSE = b"mlx-relay refresh tokens"


@dataclass(frozen=True)
class RefreshClaims:
    """What a genuine token says; whether it is still good, the database knows."""

    sign_in: str
    generation: int


class RefreshSigner:
    """Signs with a key of its own, made of *key*: no signature of another kind fits here."""

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")
        self._key = hmac.digest(key, _PURPOSE, "sha256")

    def issue(self, sign_in: str, generation: int) -> str:
        """Return the token, each time the same one."""
        said = f"{sign_in}.{generation}"
        return f"{said}.{self._signature(said)}"

    def read(self, token: str) -> RefreshClaims:
        """Return what *token* says; raises Unauthorized for one that we did not issue."""
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise Unauthorized(reason="malformed")
        said, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._signature(said)):
            raise Unauthorized(reason="signature")
        sign_in, _, generation = said.partition(".")
        return RefreshClaims(sign_in, int(generation))

    def _signature(self, said: str) -> str:
        digest = hmac.digest(self._key, said.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
