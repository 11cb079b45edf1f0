"""A password in; its hash out, for a command that makes just one."""

from mlx_relay.auth.passwords import Passwords


async def hash_once(password: str) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()
