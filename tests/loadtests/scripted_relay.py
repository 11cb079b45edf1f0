"""A relay that says what a test tells it to: requests in, scripted streams out."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = dict[int, list[dict[str, Any]]]
"""The events of each profile's streams; none is an HTTP 503."""


@contextmanager
def scripted_relay(script: Script) -> Iterator[int]:
    """Serve *script*, and a login that always succeeds; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/api/auth/login":
                self._answer(200, json.dumps({"access_token": "t"}).encode())
                return
            events = script.get(body["profile_id"])
            if events is None:
                self._answer(503, b"{}")
                return
            self._answer(200, "".join(f"data: {json.dumps(e)}\n\n" for e in events).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
