"""One password, one hash."""

from mlx_relay.auth.passwords import Passwords
from mlx_relay.cli.hashing import hash_once


async def test_the_server_accepts_the_hash() -> None:
    passwords = Passwords()
    assert await passwords.verify(await hash_once("correct horse"), "correct horse")
    passwords.close()
