"""A name and a password in; a token that is good for the next chat out."""

import threading
import time
from collections.abc import Callable
from typing import Final

from load.chat import post

FRESH_SECONDS: Final = 20.0
"""Then the account logs in again, so that a run always has logins in it."""

Noted = Callable[[float, float], None]
"""Is told of a login: how many seconds it took, and when it ended."""


class Account:
    """A user of the relay; its visitors share one token, and only one of them logs in."""

    def __init__(self, port: int, name: str, password: str, noted: Noted) -> None:
        self._port = port
        self._credentials = {"username": name, "password": password}
        self._noted = noted
        self._lock = threading.Lock()
        self._token = ""
        self._since = float("-inf")

    def headers(self) -> dict[str, str]:
        with self._lock:
            if time.monotonic() - self._since > FRESH_SECONDS:
                self._log_in()
        return {"Authorization": f"Bearer {self._token}"}

    def _log_in(self) -> None:
        started = time.monotonic()
        self._token = post(self._port, "/api/auth/login", self._credentials, {})["access_token"]
        self._since = time.monotonic()
        self._noted(self._since - started, self._since)
