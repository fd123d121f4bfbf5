"""Nothing typed is lost: what each form held is there after a reload, after an error, and gone after a logout."""

from collections.abc import Sequence
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.acceptance.server import Server
from tests.browser.eyes import EMAIL, NAME, PASSWORD, Eyes, invite, setup_link

Typed = Sequence[tuple[str, str]]
FORMS: dict[str, Typed] = {
    "/settings/keys?new=1": [("Name", "Shop")],
    "/settings/members?invite=1": [("E-mail", "leo@fjord.example")],
    "/settings/projects?new=1": [("Name", "Harbour Books")],
    "/triggers/new": [("Name", "Warehouse"), ("Event type", "order.*"), ("Address", "https://example.org/hook")],
    "/playground": [("Title", "Typed title"), ("Type", "order.typed"), ("Category", "Typed")],
}


async def fill(page: Page, typed: Typed) -> None:
    """Type into the fields of a form."""
    for label, text in typed:
        await field(page, label).fill(text)


def field(page: Page, label: str) -> Locator:
    """The field of that label."""
    return page.locator("form").get_by_label(label, exact=True).first


async def assert_typed(page: Page, typed: Typed) -> None:
    """Each field still holds it."""
    for label, text in typed:
        await expect(field(page, label)).to_have_value(text)


@pytest.mark.parametrize("path", list(FORMS))
async def test_a_form_outlives_a_reload(eyes: Eyes, page: Page, path: str) -> None:
    """Typed, reloaded, there; a logout takes it away, so that whoever comes next sees none of it."""
    typed = FORMS[path]
    await eyes.open(page, path)
    await fill(page, typed)
    await page.reload()
    await assert_typed(page, typed)
    kept: Any = await page.evaluate("() => Object.keys(sessionStorage).filter((key) => key.startsWith('ensue.draft'))")
    assert len(kept) == 1
    await eyes.open(page, "/settings/sessions")
    await page.get_by_role("main").get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("button", name=NAME)).to_be_visible()
    await eyes.open(page, path)
    for label, text in typed:
        await expect(field(page, label)).not_to_have_value(text)


async def test_a_trigger_by_hand_outlives_a_reload(eyes: Eyes, server: Server, page: Page) -> None:
    """Whom, when, type and data of "trigger now"."""
    trigger = await server.trigger("https://example.org/hook", name="Warehouse", match={"type": "order.paid"})
    await eyes.open(page, f"/triggers/{trigger['id']}")
    await page.get_by_role("radio", name="All that match").click()
    await page.get_by_role("radio", name="In…").click()
    await page.get_by_role("textbox", name="In", exact=True).fill("3 hours")
    await page.reload()
    await expect(page.get_by_role("textbox", name="In", exact=True)).to_have_value("3 hours")


async def test_a_trigger_that_is_refused_keeps_what_was_typed(eyes: Eyes, page: Page) -> None:
    """What is wrong is said at its field, which has the focus; the rest stays."""
    await eyes.open(page, "/triggers/new")
    await fill(page, [("Name", "Warehouse"), ("Event type", "order.*"), ("Address", "ftp://example.org/hook")])
    await page.get_by_role("button", name="Create trigger").click()
    await expect(field(page, "Address")).to_have_attribute("aria-invalid", "true")
    await expect(field(page, "Address")).to_be_focused()
    await assert_typed(page, [("Name", "Warehouse"), ("Event type", "order.*"), ("Address", "ftp://example.org/hook")])


async def test_before_the_login_too(eyes: Eyes, server: Server) -> None:
    """Set-up, login and an invitation: names and addresses stay; passwords are never kept."""
    page = await eyes.window()
    await page.goto(await setup_link(server))
    await fill(page, [("Name", NAME), ("E-mail", EMAIL), ("Password", PASSWORD), ("Project", "Fjord Coffee")])
    await page.reload()
    await assert_typed(page, [("Name", NAME), ("E-mail", EMAIL), ("Password", ""), ("Project", "Fjord Coffee")])
    assert PASSWORD not in await page.evaluate("() => JSON.stringify({...sessionStorage, ...localStorage})")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()
    (cookie,) = [one["value"] for one in await page.context.cookies() if one["name"] == "ensue_session"]

    guest = await eyes.window()
    await guest.goto(await invite(server, cookie, "viewer", "leo@fjord.example"))
    await fill(guest, [("Name", "Leo Park")])
    await guest.reload()
    await assert_typed(guest, [("Name", "Leo Park")])
    await eyes.open(guest, "/login")
    await fill(guest, [("E-mail", "leo@fjord.example")])
    await guest.reload()
    await assert_typed(guest, [("E-mail", "leo@fjord.example")])


async def test_a_link_with_its_project_leads_there_through_the_login(eyes: Eyes, server: Server, page: Page) -> None:
    """A push or mail names the project of its event; the login does not lose it, and a choice of another one holds."""
    await eyes.open(page, "/settings/projects?new=1")
    await page.get_by_role("dialog").get_by_label("Name").fill("Harbour Books")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.get_by_role("button", name="Harbour Books Switch project")).to_be_visible()
    guest = await eyes.window()
    await eyes.open(guest, "/settings/keys?project=harbour-books")
    await guest.get_by_label("E-mail").fill(EMAIL)
    await guest.get_by_label("Password", exact=True).fill(PASSWORD)
    await guest.get_by_role("button", name="Log in").click()
    await expect(guest.get_by_role("button", name="Harbour Books Switch project")).to_be_visible()
    await guest.get_by_role("button", name="Harbour Books").click()
    await guest.get_by_role("menuitemradio", name="Fjord Coffee").click()
    await guest.reload()
    await expect(guest.get_by_role("button", name="Fjord Coffee Switch project")).to_be_visible()
    assert server.url in guest.url
