"""An account's own business: another password, a forgotten one, projects that are renamed and switched, a key's use."""

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.commands import ensue
from tests.acceptance.server import Server, eventually
from tests.browser.eyes import EMAIL, NAME, PASSWORD, Eyes, assert_accessible, invite

ANOTHER = "a-longer-word-than-before-7"


async def log_in(page: Page, password: str) -> None:
    """Fill the form and send it."""
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in").click()


async def test_another_password(eyes: Eyes, page: Page) -> None:
    """What is wrong is said at its field; with the right one other windows are out, and the old word is none."""
    await eyes.open(page, "/settings/sessions")
    old, new = page.get_by_label("Present password", exact=True), page.get_by_label("New password", exact=True)
    await old.fill("not the password")
    await new.fill("short")
    await page.get_by_role("button", name="Change password").click()
    await expect(new).to_have_attribute("aria-invalid", "true")
    await new.fill(ANOTHER)
    await page.get_by_role("button", name="Change password").click()
    await expect(old).to_have_attribute("aria-invalid", "true")
    await assert_accessible(page)
    await old.fill(PASSWORD)
    await page.get_by_role("button", name="Change password").click()
    await expect(old).to_have_value("")
    other = await eyes.window()
    await eyes.open(other, "/login")
    await log_in(other, PASSWORD)
    await expect(other.get_by_text("That e-mail and password do not belong together.")).to_be_visible()
    await log_in(other, ANOTHER)
    await expect(other.get_by_role("button", name=NAME)).to_be_visible()


async def test_a_forgotten_password(eyes: Eyes, server: Server, cookie: str) -> None:
    """Without mail the page says which command helps; its link works once, and a link that does not says so."""
    page = await eyes.window()
    await eyes.open(page, "/login")
    await page.get_by_role("link", name="Forgotten?").click()
    await expect(page.get_by_text("ensue members reset").last).to_be_visible()
    await assert_accessible(page)
    link = (await ensue(server, "members", "reset", EMAIL, "--json")).json["link"]
    assert cookie
    assert link.startswith(f"{server.url}/reset#")
    await page.goto(link)
    await page.get_by_label("New password", exact=True).fill("short")
    await page.get_by_role("button", name="Save and log in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("New password", exact=True).fill(ANOTHER)
    await page.get_by_role("button", name="Save and log in").click()
    await expect(page.get_by_role("button", name=NAME)).to_be_visible()
    again = await eyes.window()
    await again.goto(link)
    await again.get_by_label("New password", exact=True).fill(ANOTHER)
    await again.get_by_role("button", name="Save and log in").click()
    await expect(again.get_by_role("alert")).to_contain_text("not valid")
    await assert_accessible(again)


async def test_projects_are_made_renamed_and_switched(eyes: Eyes, server: Server, page: Page) -> None:
    """What one sees is of the project that is chosen, after a reload too."""
    await server.send("order.paid", card={"title": "Of the first project"})
    await eyes.open(page, "/settings/projects?new=1")
    await page.get_by_role("dialog").get_by_label("Name").fill("Second")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.get_by_role("button", name="Second Switch project")).to_be_visible()
    await expect(page.get_by_text("Of the first project")).to_have_count(0)
    await page.get_by_role("button", name="Second Switch project").click()
    await page.get_by_role("menuitemradio", name="Fjord Coffee").click()
    await expect(page.get_by_role("article", name="Of the first project")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("article", name="Of the first project")).to_be_visible()
    await eyes.open(page, "/settings/projects")
    await page.get_by_role("button", name="More for Second").click()
    await page.get_by_role("menuitem", name="Rename…").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("  ")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    await page.get_by_role("dialog").get_by_label("Name").fill("Harbour Books")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("button", name="More for Harbour Books")).to_be_visible()


async def test_each_tab_keeps_its_project(eyes: Eyes, server: Server, page: Page) -> None:
    """Another project is chosen in a second tab: the first one stays in its own, reloaded too."""
    event = await server.send("order.paid", card={"title": "Of the first project"})
    await eyes.open(page, f"/events/{event}")
    other = await page.context.new_page()
    await eyes.open(other, "/settings/projects?new=1")
    await other.get_by_role("dialog").get_by_label("Name").fill("Second")
    await other.get_by_role("button", name="Create project").click()
    await expect(other.get_by_role("button", name="Second Switch project")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Fjord Coffee Switch project")).to_be_visible()
    await expect(page.get_by_role("heading", name="Of the first project").first).to_be_visible()
    await other.reload()
    await expect(other.get_by_role("button", name="Second Switch project")).to_be_visible()


async def _noted(server: Server, name: str) -> bool:
    """Whether it is written down that a key was used: that comes a moment after its use."""
    return any(key["name"] == name and "last_used_at" in key for key in await server.items("/api/v1/keys?limit=50"))


async def test_when_a_key_was_used_is_shown(eyes: Eyes, server: Server, page: Page) -> None:
    """Never, until it was."""
    await eyes.open(page, "/settings/keys?new=1")
    await page.get_by_role("dialog").get_by_label("Name").fill("Shop")
    await page.get_by_role("button", name="Create key").click()
    token = await page.get_by_role("dialog").locator("code").first.inner_text()
    await page.get_by_role("button", name="I have kept it").click()
    row = page.get_by_role("listitem").filter(has_text="Shop")
    await expect(row).to_contain_text("last used never")
    sent = await server.call("POST", "/api/v1/events", {"type": "a.b"}, authorization=f"Bearer {token}")
    assert sent.status == 202
    await eventually(lambda: _noted(server, "Shop"), "its use is noted")
    await page.reload()
    await expect(row).not_to_contain_text("never")
    await expect(row.get_by_role("time")).to_have_count(2)


async def test_an_invitation_is_withdrawn(eyes: Eyes, server: Server, page: Page, cookie: str) -> None:
    """Its link leads to a page that says that it is over."""
    link = await invite(server, cookie, "member", "leo@fjord.example")
    await eyes.open(page, "/settings/members")
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_text("leo@fjord.example").locator("visible=true")).to_have_count(0)
    guest = await eyes.window()
    await guest.goto(link)
    await expect(guest.get_by_role("heading", name="This link does not hold")).to_be_visible()
    await expect(guest.get_by_label("Name")).to_have_count(0)
    await assert_accessible(guest)


@pytest.mark.parametrize("width", [1024, 390])
async def test_an_open_drawer_keeps_the_focus(eyes: Eyes, server: Server, page: Page, width: int) -> None:
    """Below 1280 a panel is over the page: keys stay in it, Escape closes it, and the focus is where it was."""
    await server.send("order.paid", card={"title": "Order 7 paid"})
    await page.set_viewport_size({"width": width, "height": 800})
    await eyes.open(page, "/")
    row = page.get_by_role("article", name="Order 7 paid")
    await row.focus()
    await page.keyboard.press("Enter")
    panel = page.locator("aside.open")
    await expect(panel).to_be_visible()
    await expect(panel).to_be_focused()
    for _ in range(25):
        await page.keyboard.press("Tab")
        outside = await page.evaluate(
            "() => document.activeElement !== document.body && !document.activeElement.closest('aside')"
        )
        assert not outside
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await expect(row).to_be_focused()
