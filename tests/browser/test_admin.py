"""The administration: profiles and users are created, changed, tried, switched off and removed."""

import itertools

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from browser.sign_in import page_of
from support.relay import RelayService
from support.scripted_model import ScriptedModel

pytestmark = pytest.mark.asyncio(loop_scope="session")

_numbers = itertools.count(1)


def unused(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


async def opened(page: Page) -> Page:
    await page.goto("/#/admin")
    await expect(page.get_by_role("heading", name="Profiles")).to_be_visible()
    return page


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


async def add_profile(page: Page, name: str, port: int) -> None:
    await page.get_by_role("button", name="New profile").click()
    form = dialog(page)
    await form.get_by_label("Name", exact=True).fill(name)
    await form.get_by_label("Port").fill(str(port))
    await form.get_by_label("Model", exact=True).fill("scripted")
    await form.get_by_role("button", name="Save", exact=True).click()
    await expect(row(page, name)).to_be_visible()


async def test_a_profile_is_created_changed_switched_off_and_removed(
    admin_page: Page, model: ScriptedModel
) -> None:
    page = await opened(admin_page)
    name = unused("profile")
    await add_profile(page, name, model.port)
    await page.get_by_role("button", name=f"Edit {name}").click()
    await dialog(page).get_by_label("The model reads").select_option("multimodal")
    await dialog(page).get_by_label("API key").fill("secret-key")
    await dialog(page).get_by_role("button", name="Save", exact=True).click()
    await expect(row(page, name)).to_contain_text("images")
    await expect(page.get_by_role("button", name=f"Edit {name}")).to_be_focused()
    await page.get_by_role("button", name=f"Disable {name}").click()
    await expect(row(page, name)).to_contain_text("disabled")
    await page.get_by_role("button", name=f"Enable {name}").click()
    await expect(row(page, name)).not_to_contain_text("disabled")
    await page.get_by_role("button", name=f"Delete {name}").click()
    await dialog(page).get_by_role("button", name="Delete").click()
    await expect(row(page, name)).to_have_count(0)


async def test_a_key_is_never_shown_again(admin_page: Page, model: ScriptedModel) -> None:
    page = await opened(admin_page)
    name = unused("profile")
    await add_profile(page, name, model.port)
    await page.get_by_role("button", name=f"Edit {name}").click()
    await dialog(page).get_by_label("API key").fill("secret-key")
    await dialog(page).get_by_role("button", name="Save", exact=True).click()
    await expect(dialog(page)).to_have_count(0)
    await page.get_by_role("button", name=f"Edit {name}").click()
    await expect(dialog(page).get_by_label("API key")).to_have_value("")
    await expect(dialog(page)).to_contain_text("A key is stored")
    assert "secret-key" not in await page.content()


async def test_a_connection_is_tried_from_the_form(admin_page: Page, model: ScriptedModel) -> None:
    page = await opened(admin_page)
    name = unused("profile")
    await add_profile(page, name, model.port)
    await page.get_by_role("button", name=f"Edit {name}").click()
    await dialog(page).get_by_role("button", name="Save and test").click()
    await expect(dialog(page).get_by_role("status")).to_contain_text("The server answers.")
    await dialog(page).get_by_label("Port").fill("9")
    await dialog(page).get_by_role("button", name="Save and test").click()
    await expect(dialog(page).get_by_role("status")).to_contain_text("upstream_unreachable")
    await page.keyboard.press("Escape")
    await expect(row(page, name)).to_contain_text("down")


async def test_what_the_server_refuses_is_said_at_the_field(
    admin_page: Page, model: ScriptedModel
) -> None:
    page = await opened(admin_page)
    name = unused("profile")
    await add_profile(page, name, model.port)
    await page.get_by_role("button", name=f"Edit {name}").click()
    host = dialog(page).get_by_label("Host")
    await host.fill("not a host")
    await dialog(page).get_by_role("button", name="Save", exact=True).click()
    await expect(host).to_be_focused()
    await expect(host).to_have_attribute("aria-invalid", "true")
    await expect(host).to_have_accessible_description(
        "It is not a host name or an IP address in its usual spelling."
    )
    await dialog(page).get_by_label("Tool call format").fill("hermess")
    await host.fill("127.0.0.1")
    await dialog(page).get_by_role("button", name="Save", exact=True).click()
    await expect(dialog(page).get_by_label("Tool call format")).to_be_focused()
    await expect(dialog(page)).to_contain_text("hermes")


async def test_a_name_that_is_taken_is_said_in_the_dialog(admin_page: Page) -> None:
    page = await opened(admin_page)
    await page.get_by_role("button", name="New user").click()
    await dialog(page).get_by_label("Name").fill("ada")
    await dialog(page).get_by_label("Password").fill("long enough")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(dialog(page).get_by_role("alert")).to_be_visible()


async def test_a_user_is_created_changed_switched_off_and_removed(
    admin_page: Page, browser: Browser, relay: RelayService
) -> None:
    page = await opened(admin_page)
    name = unused("person")
    await page.get_by_role("button", name="New user").click()
    await dialog(page).get_by_label("Name").fill(name)
    await dialog(page).get_by_label("Password").fill("first password")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(row(page, name)).to_contain_text("active")
    await page.get_by_role("button", name=f"Edit {name}").click()
    await dialog(page).get_by_label("Role").select_option("admin")
    await dialog(page).get_by_label("New password").fill("second password")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(row(page, name)).to_contain_text("Administrator")
    async with page_of(browser, relay, name, "second password") as other:
        await expect(other.get_by_role("link", name="Admin")).to_be_visible()
    await page.get_by_role("button", name=f"Disable {name}").click()
    await expect(row(page, name)).to_contain_text("disabled")
    await page.get_by_role("button", name=f"Delete {name}").click()
    await dialog(page).get_by_role("button", name="Delete").click()
    await expect(row(page, name)).to_have_count(0)


async def test_the_last_administrator_cannot_be_locked_out(admin_page: Page) -> None:
    page = await opened(admin_page)
    await page.get_by_role("button", name="Disable ada").click()
    await expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("last admin")


async def test_a_page_of_a_build_that_is_gone_asks_to_be_loaded_again(admin_page: Page) -> None:
    """The relay was updated while the page stood open."""
    gone = "**/assets/AdminPage-*.js"
    await admin_page.route(gone, lambda route: route.fulfill(status=404))
    await admin_page.get_by_role("link", name="Admin").click()
    await expect(admin_page.get_by_text("could not be loaded")).to_be_visible()
    await admin_page.unroute(gone)
    await admin_page.get_by_role("button", name="Reload the page").click()
    await expect(admin_page.get_by_role("button", name="New user")).to_be_visible()


async def test_a_user_sees_nothing_of_it(browser: Browser, relay: RelayService) -> None:
    async with relay.session() as session:
        person = {"name": unused("person"), "password": "a long password"}
        async with session.post("/api/users", json=person) as answer:
            assert answer.status == 201
    async with page_of(browser, relay, person["name"], person["password"]) as page:
        await page.goto("/#/admin")
        await expect(page.get_by_text("Only administrators see this page.")).to_be_visible()
        await expect(page.get_by_role("link", name="Admin")).to_have_count(0)
