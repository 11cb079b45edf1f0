"""The chat page: addresses in; the files that its build wrote out. They hold nothing secret.

The types come from our own table, because the system's differ from host to host, and what is
not in it (the build's own notes, the compressed copies) is not served by its name.
"""

import asyncio
import hashlib
from pathlib import Path

from aiohttp import ETag, hdrs, web

from mlx_relay.errors import NotFound
from mlx_relay.web.app_keys import PAGE_FILES, SESSION_COOKIE

NOT_BUILT = "the chat page is not built: run make webui\n"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types dompurify svelte-trusted-html"
)
"""What model output could do at the worst: nothing. The policies named are those the page makes."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"


async def show_page(request: web.Request) -> web.Response:
    """Answer with ``index.html``, which names the assets of one build: never an older one."""
    path = request.app[PAGE_FILES] / "index.html"
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        return web.Response(status=503, text=NOT_BUILT)
    tag = hashlib.sha256(content).hexdigest()[:32]
    is_known = any(each.value in (tag, "*") for each in request.if_none_match or ())
    response = web.Response(status=304) if is_known else _page(content)
    response.etag = ETag(tag)
    response.headers.update(_headers(request, _ASK_FIRST))
    return response


async def show_asset(request: web.Request) -> web.FileResponse:
    """Answer with a file whose name has the hash of its content in it."""
    path = request.app[PAGE_FILES] / "assets" / request.match_info["name"]
    return _file(request, path, _FOR_EVER)


async def show_file(request: web.Request) -> web.FileResponse:
    """Answer with a file beside the page; the routes say which ones there are."""
    return _file(request, request.app[PAGE_FILES] / Path(request.path).name, _ASK_FIRST)


def _page(content: bytes) -> web.Response:
    return web.Response(body=content, content_type="text/html", charset="utf-8")


def _file(request: web.Request, path: Path, caching: str) -> web.FileResponse:
    kind = _TYPES.get(path.suffix)
    if kind is None or path.is_symlink() or not path.is_file():
        raise NotFound
    headers = {hdrs.CONTENT_TYPE: kind, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    return web.FileResponse(path, headers=headers | _headers(request, caching))


def _headers(request: web.Request, caching: str) -> dict[str, str]:
    headers = {
        hdrs.CACHE_CONTROL: caching,
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    if request.app[SESSION_COOKIE].secure:
        # On plain http browsers ignore this one, and complain about it.
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return headers
