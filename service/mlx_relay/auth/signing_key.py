"""A path in; the key that signs tokens out. Made on the first start, readable by its owner only."""

import os
import secrets
import stat
from pathlib import Path

from mlx_relay.auth.tokens import MIN_KEY_BYTES
from mlx_relay.errors import ConfigurationError


def load_signing_key(path: Path) -> bytes:
    """Return the key in *path*, made if there is none.

    Raises ConfigurationError when it cannot be read, is too short, or other people may read it.
    """
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise ConfigurationError(f"signing key {path}: {error.strerror}") from None


def _make(path: Path) -> None:
    """Write aside, then link: of two processes that start at once both use the key of one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(MIN_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise ConfigurationError(
                f"signing key {path}: other people may read it (mode {mode:04o}): chmod 600 it"
            )
        key = file.read()
    if len(key) < MIN_KEY_BYTES:
        raise ConfigurationError(
            f"signing key {path}: has {len(key)} bytes, at least {MIN_KEY_BYTES} are needed"
        )
    return key
