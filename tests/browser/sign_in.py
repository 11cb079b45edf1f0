"""Users of a relay, and pages on which they are signed in."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from playwright.async_api import Browser, ConsoleMessage, Page

from support.relay import RelayService

PASSWORD = "correct horse battery"
LOCAL_NAME = f"{socket.gethostname().lower()}.local"
"""A name that leads to the relay, and that no browser takes for a secure place."""
PATIENCE_MS = 20_000


async def new_user(relay: RelayService) -> str:
    """Add a user who has no conversations yet, and return the name."""
    name = f"user-{uuid4().hex[:8]}"
    async with (
        relay.session() as session,
        session.post("/api/users", json={"name": name, "password": PASSWORD}) as answer,
    ):
        assert answer.status == 201, await answer.text()
    return name


@asynccontextmanager
async def page_of(
    browser: Browser, relay: RelayService, name: str, password: str, **options: Any
) -> AsyncIterator[Page]:
    """A page of its own context, signed in as *name*; checks at the end that no script broke.

    *options* are those of the context.
    """
    context = await browser.new_context(base_url=relay.url, **options)
    context.set_default_timeout(PATIENCE_MS)
    credentials = {"username": name, "password": password}
    answer = await context.request.post("/api/auth/login", data=credentials)
    assert answer.ok, await answer.text()
    page = await context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.extend(_violations(message)))
    await page.goto("/")
    yield page
    assert broken == []
    await context.close()


async def sign_in(page: Page, name: str, password: str) -> None:
    """Fill in the form of the login page and send it."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_label("Password").press("Enter")


def _violations(message: ConsoleMessage) -> list[str]:
    """What the browser says when a page does what its policy forbids."""
    return [message.text] if "Content Security Policy" in message.text else []
