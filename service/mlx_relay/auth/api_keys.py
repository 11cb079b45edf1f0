"""API keys: random, shown once, stored as a hash.

A plain SHA-256 is enough for them: 256 random bits cannot be guessed, whatever the hash costs.
"""

import hashlib
import re
import secrets

PREFIX = "mlxr_"
_SHOWN = 12
_SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def make_api_key() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hash_api_key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def visible_part(secret: str) -> str:
    """Return the beginning, by which a user tells keys apart."""
    return secret[:_SHOWN]


def has_shape_of_api_key(text: str) -> bool:
    """Return whether *text* could be a key at all: anything else is not worth a look-up."""
    return _SHAPE.fullmatch(text) is not None
