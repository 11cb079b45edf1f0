"""What the page needs of a real service: its files, a session that lasts, and its conversations."""

import io
import json
from pathlib import Path

import aiohttp
import pytest

import mlx_relay.web
from support.processes import running
from support.relay import relay_service

PAGE = Path(mlx_relay.web.__file__).parent / "static" / "index.html"
JSON = {"Content-Type": "application/json"}
IMAGE = "data:image/png;base64," + "A" * 4_000_000
PROFILE = {"name": "qwen", "host": "127.0.0.1", "port": 9, "model_path": "m"}


def browser(url: str) -> aiohttp.ClientSession:
    """Keeps cookies, and says where its page comes from."""
    return aiohttp.ClientSession(
        url,
        headers={"Origin": url},
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(total=60),
    )


async def test_the_page_is_there_or_says_how_to_build_it(tmp_path: Path) -> None:
    with relay_service(tmp_path) as relay:
        async with browser(relay.url) as session, session.get("/") as answer:
            if PAGE.is_file():
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert await answer.read() == PAGE.read_bytes()
            else:
                assert (answer.status, await answer.text()) == (
                    503,
                    "the chat page is not built: run make webui\n",
                )


async def test_every_file_of_the_built_page_is_served_with_its_type(tmp_path: Path) -> None:
    if not PAGE.is_file():
        pytest.skip("the chat page is not built")
    files = (PAGE.parent / "assets").iterdir()
    assets = [path for path in files if path.suffix not in (".gz", ".br")]
    with relay_service(tmp_path) as relay:
        async with browser(relay.url) as session:
            for asset in assets:
                async with session.get(f"/assets/{asset.name}") as answer:
                    assert answer.status == 200, asset.name
                    assert "immutable" in answer.headers["Cache-Control"]
                    assert await answer.read() == asset.read_bytes()


async def test_a_browser_stays_signed_in_and_keeps_its_conversation_over_a_restart(
    tmp_path: Path,
) -> None:
    login = {"username": "ada", "password": "correct horse"}
    entry = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": IMAGE}}]}
    with relay_service(tmp_path) as relay:
        async with browser(relay.url) as session:
            async with session.post("/api/auth/login", json=login) as answer:
                assert answer.status == 200
            async with session.post("/api/conversations", json={"title": "Stars"}) as answer:
                path = f"/api/conversations/{(await answer.json())['id']}"
            body = io.BytesIO(json.dumps(entry).encode())
            put = session.put(f"{path}/messages/0", data=body, headers=JSON)
            async with put as answer:
                assert answer.status == 200, await answer.text()
            kept = {one.key: one.value for one in session.cookie_jar}
        relay.service.stop()
        assert "Stars" not in "".join(relay.service.lines)

    del kept["mlx_relay_session"]
    settings = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
    with running("mlx_relay", "serve", "--port", "0", env=settings) as again:
        async with browser(again.url) as session:
            async with session.get(path, cookies=kept) as answer:
                assert answer.status == 401
            refresh = session.post("/api/auth/refresh", headers=JSON, cookies=kept)
            async with refresh as answer:
                assert answer.status == 200
            async with session.get(path) as answer:
                messages = (await answer.json())["messages"]
            assert messages == [{"position": 0} | entry]


async def test_an_image_never_reaches_a_model_that_sees_none(tmp_path: Path) -> None:
    content = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    remote = [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}]
    with relay_service(tmp_path) as relay:
        async with relay.session() as session:
            text = await relay.add_profile(session, **PROFILE)
            vision = await relay.add_profile(
                session, **PROFILE | {"name": "vision", "model_type": "multimodal"}
            )
            for profile, parts in ((text, content), (text, remote), (vision, remote)):
                body = {"profile_id": profile, "messages": [{"role": "user", "content": parts}]}
                async with session.post("/api/chat/completions", json=body) as answer:
                    assert answer.status == 422
                    assert "messages" in json.loads(await answer.text())["error"]["message"]


async def test_where_conversations_are_off_the_page_is_told(tmp_path: Path) -> None:
    with relay_service(tmp_path, env={"MLX_RELAY_CONVERSATIONS": "false"}) as relay:
        async with relay.session() as session:
            async with session.get("/api/config") as answer:
                assert (await answer.json())["conversations"] is False
            async with session.get("/api/conversations") as answer:
                assert answer.status == 404
