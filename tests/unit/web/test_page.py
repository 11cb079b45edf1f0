"""The page's files: the right type, the right caching, and nothing that is not the page's."""

import gzip
import os
from pathlib import Path

import pytest

from mlx_relay.web.app_keys import PAGE_FILES
from mlx_relay.web.page import CONTENT_SECURITY_POLICY, NOT_BUILT

from .conftest import Edge

ASSET = "/assets/index-a1b2.js"
TRAVERSALS = [
    "/../relay.db",
    "/..%2frelay.db",
    "/%2e%2e/relay.db",
    "/%2e%2e%2frelay.db",
    "/assets/../index.html",
    "/assets/..%2findex.html",
    "/assets/%2e%2e/index.html",
    "/assets/..%5cindex.html",
    "/assets/%252e%252e%252findex.html",
    "/assets//index-a1b2.js",
    "/assets/./index-a1b2.js%00.txt",
    "/assets/.stamp",
    "/assets/",
    "/assets",
    "/.stamp",
    "/index.html",
    "//index.html",
    "/assets/index-a1b2.js/",
    "/assets/index-a1b2.js.gz",
    "/assets/secret.env",
    "/assets/link.js",
    "/assets/folder.js",
    "/THIRD_PARTY.txt/..",
    "/thirdparty.txt",
    "/static/index.html",
    "/assets/INDEX-A1B2.JS%20",
    "/assets/~",
    "/assets/%00",
    "/assets/index-a1b2.js;x",
    "/assets/C:%5cindex.js",
]


@pytest.fixture
def folder(edge: Edge) -> Path:
    return edge.get(PAGE_FILES)


async def test_the_page_is_checked_for_changes_and_may_do_little(edge: Edge) -> None:
    async with edge.client.get("/") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Cross-Origin-Opener-Policy" not in answer.headers
        assert "mlx-relay" in await answer.text()


def test_the_policy_lets_no_inline_script_and_no_other_origin_in() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


async def test_a_page_that_is_known_is_not_sent_again(edge: Edge, folder: Path) -> None:
    async with edge.client.get("/") as answer:
        tag = answer.headers["ETag"]
    async with edge.client.get("/", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    page = folder / "index.html"
    times = page.stat().st_atime, page.stat().st_mtime
    page.write_text(page.read_text().replace("mlx", "MLX"))
    os.utime(page, times)
    async with edge.client.get("/", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_an_asset_never_changes_under_its_name(edge: Edge) -> None:
    async with edge.client.get(ASSET) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert await answer.text() == "let x = 1;"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/favicon.svg", "image/svg+xml"), ("/THIRD_PARTY.txt", "text/plain; charset=utf-8")],
)
async def test_the_files_beside_the_page_are_checked_too(edge: Edge, path: str, kind: str) -> None:
    async with edge.client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_compressed_copy_goes_to_whoever_takes_it(edge: Edge, folder: Path) -> None:
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(gzip.compress(b"let x = 1;"))
    async with edge.client.get(ASSET, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert await answer.text() == "let x = 1;"
    async with edge.client.get(ASSET, headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/favicon.svg", "/THIRD_PARTY.txt", ASSET])
async def test_head_says_what_get_would(edge: Edge, path: str) -> None:
    async with edge.client.get(path) as get, edge.client.head(path) as head:
        assert (head.status, await head.read()) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Cache-Control", "ETag"):
            assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_nothing_else_is_served(edge: Edge, folder: Path, path: str) -> None:
    (folder / ".stamp").write_text("stamp")
    (folder / "assets" / ".stamp").write_text("stamp")
    (folder / "assets" / "secret.env").write_text("secret")
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(b"")
    (folder / "assets" / "link.js").symlink_to(folder / "index.html")
    (folder / "assets" / "folder.js").mkdir()
    url = edge.client.make_url("/").with_path(path, encoded=True)
    async with edge.client.session.get(url, allow_redirects=False) as answer:
        assert answer.status == 404


async def test_a_page_that_is_not_built_says_how(edge: Edge, tmp_path: Path) -> None:
    edge.set(PAGE_FILES, tmp_path / "nothing")
    async with edge.client.get("/") as answer:
        assert (answer.status, await answer.text()) == (503, NOT_BUILT)
    async with edge.client.get(ASSET) as answer:
        assert answer.status == 404
