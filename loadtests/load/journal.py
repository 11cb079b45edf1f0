"""The fake's journal in; a verdict on whether clients who left were noticed out."""

import http.client
import json
import time
from typing import Any, Final

from load.chat import HOST, TIMEOUT_SECONDS
from load.thresholds import Verdict

SECONDS: Final = 5.0
ASKED: Final = "/v1/chat/completions"


def unnoticed(fake_port: int) -> Verdict:
    """Count upstream requests that are still open although every client is gone."""
    deadline = time.monotonic() + SECONDS
    while (found := _streaming(fake_port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return Verdict("upstream requests left open", found, 0)


def _streaming(port: int) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_fake/journal")
        journal: list[dict[str, Any]] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return sum(entry["state"] == "streaming" for entry in journal if entry["path"] == ASKED)
