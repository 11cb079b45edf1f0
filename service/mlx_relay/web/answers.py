"""Values to JSON answers."""

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()


def json_answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=_encoder.encode(value), status=status, content_type="application/json")


def empty_answer() -> web.Response:
    return web.Response(status=204)
