"""The name of a refusal in, the whole answer that a real server gives out.

The bodies are what mlx_lm.server, mlx-openai-server, mlx-vlm and a proxy before them answer.
"""

import json
from typing import Any, Final

import msgspec

from fake_mlx.exchange import Cassette, End, Framing, Head, Response, TransferChunk, stamp

_JSON: Final = "application/json"
_PROXY_PAGE: Final = "<html><body><center><h1>{}</h1></center><hr>nginx</body></html>\n"


class Refusal(msgspec.Struct, frozen=True):
    """An answer that is no chat stream; *content* is text as it is, or JSON."""

    status: int
    reason: str
    content: Any
    media_type: str = _JSON
    headers: tuple[tuple[str, str], ...] = ()


def _detail(message: str, kind: str, code: int) -> dict[str, Any]:
    return {"detail": {"error": {"message": message, "type": kind, "code": code}}}


def _proxy(status: int, reason: str) -> Refusal:
    return Refusal(status, reason, _PROXY_PAGE.format(f"{status} {reason}"), "text/html")


REFUSALS: Final[dict[str, Refusal]] = {
    "http_204": Refusal(204, "No Content", ""),
    "http_301": Refusal(301, "Moved Permanently", "", headers=(("Location", "/elsewhere"),)),
    "http_307": Refusal(307, "Temporary Redirect", "", headers=(("Location", "/elsewhere"),)),
    "http_400_mlx_lm": Refusal(400, "Bad Request", {"error": "Invalid JSON in request body"}),
    "http_400_mlx_openai_server": Refusal(
        400, "Bad Request", {"detail": "There was an error parsing the body"}
    ),
    "http_400_mlx_vlm": Refusal(400, "Bad Request", {"detail": "Failed to load model"}),
    "http_401_mlx_vlm": Refusal(
        401,
        "Unauthorized",
        {"detail": "Invalid API key"},
        headers=(("WWW-Authenticate", "Bearer"),),
    ),
    "http_403": _proxy(403, "Forbidden"),
    "http_404_mlx_lm": Refusal(404, "Not Found", {"error": "generation thread died"}),
    "http_404_mlx_openai_server": Refusal(
        404, "Not Found", _detail("Model not found.", "model_not_found", 404)
    ),
    "http_413": _proxy(413, "Request Entity Too Large"),
    "http_422": Refusal(
        422,
        "Unprocessable Entity",
        {"detail": [{"type": "string_type", "loc": ["body", "model"], "msg": "not a string"}]},
    ),
    "http_429": Refusal(
        429,
        "Too Many Requests",
        _detail("Too many requests are queued.", "rate_limit_exceeded", 429),
        headers=(("Retry-After", "2"),),
    ),
    "http_500_mlx_vlm": Refusal(500, "Internal Server Error", {"detail": "Generation failed"}),
    "http_500_text": Refusal(
        500, "Internal Server Error", "Internal Server Error", "text/plain; charset=utf-8"
    ),
    "http_502": _proxy(502, "Bad Gateway"),
    "http_503_mlx_lm": Refusal(503, "Service Unavailable", {"status": "unavailable"}),
    "http_504": _proxy(504, "Gateway Time-out"),
}


def refuse(cassette: Cassette, refusal: Refusal) -> Cassette:
    """Return *cassette* with *refusal* in place of its answer."""
    text = refusal.content if isinstance(refusal.content, str) else json.dumps(refusal.content)
    body = text.encode()
    at = cassette.head.t if cassette.head else 0.0
    headers = (("Content-Type", refusal.media_type), *refusal.headers)
    framing: Framing = "close"
    if refusal.status != 204:
        framing, headers = "content-length", (*headers, ("Content-Length", str(len(body))))
    response = Response(refusal.status, headers, "1.1", framing, refusal.reason)
    header = msgspec.structs.replace(cassette.header, response=response)
    chunks = (TransferChunk(at, body),) if body else ()
    return stamp(Cassette(header, Head(at, True), chunks, End(at, "eof")))
