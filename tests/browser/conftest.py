"""One Chromium, one relay and one scripted model for all browser tests; a user and a page for each.

Everything runs in one event loop of the session: the browser's connection lives in it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from browser.chat_page import ChatPage
from browser.sign_in import PASSWORD, PATIENCE_MS, new_user, page_of
from support.processes import ROOT
from support.relay import RelayService, relay_service
from support.scripted_model import ScriptedModel, scripted_model

CHROMIUM = Path("/usr/bin/chromium")
BUILT = ROOT / "service/mlx_relay/web/static/index.html"

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.local 127.0.0.1",
)
"""No calls home: a browser under test talks to the relay and to nobody else."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    if not BUILT.exists():
        pytest.skip("the chat page is not built: make webui")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    with relay_service(tmp_path_factory.mktemp("relay")) as service:
        yield service


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model(relay: RelayService) -> AsyncIterator[ScriptedModel]:
    """A model behind two profiles: ``reader`` is text only, ``seer`` sees images too."""
    async with scripted_model() as scripted, relay.session() as session:
        place = {"host": "127.0.0.1", "port": scripted.port, "model_path": "scripted"}
        await relay.add_profile(session, name="reader", **place)
        await relay.add_profile(session, name="seer", model_type="multimodal", **place)
        yield scripted


@pytest_asyncio.fixture(loop_scope="session")
async def chat(
    browser: Browser, relay: RelayService, model: ScriptedModel
) -> AsyncIterator[ChatPage]:
    """A new user's page, signed in; its test fails when a script broke or broke the rules."""
    del model
    name = await new_user(relay)
    async with page_of(browser, relay, name, PASSWORD) as page:
        yield ChatPage(page)


@pytest_asyncio.fixture(loop_scope="session")
async def admin_page(
    browser: Browser, relay: RelayService, model: ScriptedModel
) -> AsyncIterator[Page]:
    """The administrator's page."""
    del model
    async with page_of(browser, relay, "ada", "correct horse") as page:
        yield page
