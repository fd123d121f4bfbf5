"""Settings: keys are shown once, members invited by link, projects named and deleted, the theme kept; axe on each."""

import asyncio
import os
import sys
from pathlib import Path

from playwright.async_api import Page, expect

from tests.acceptance.server import Server
from tests.browser.eyes import DESKTOP, NAME, PHONE, Eyes, assert_accessible
from tests.browser.test_overview import fits

SCREENS = ["/settings", "/settings/projects", "/settings/keys", "/settings/members", "/settings/sessions"]


async def test_each_part_is_accessible_in_both_themes(eyes: Eyes, page: Page) -> None:
    """By axe-core, on a desktop; and on a phone nothing sticks out at the side."""
    for path in SCREENS:
        await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        await eyes.open(page, path)
        await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        await assert_accessible(page)
        for width in (PHONE[0], 360):
            await fits(page, width)


async def test_a_key_is_shown_once_and_revoked(eyes: Eyes, page: Page) -> None:
    """Its token works, is not in the list, and works no more when it is revoked."""
    await eyes.open(page, "/settings/keys")
    await page.get_by_role("button", name="New key").click()
    await assert_accessible(page)
    await page.get_by_label("Name").fill("Shop")
    await page.get_by_role("button", name="Create key").click()
    dialog = page.get_by_role("dialog", name="Keep this key now")
    await assert_accessible(page)
    token = await dialog.locator("code").first.inner_text()
    assert token.startswith("ens_")
    sent = await eyes.server.call("POST", "/api/v1/events", {"type": "a.b"}, authorization=f"Bearer {token}")
    assert sent.status == 202
    await dialog.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_text(token)).to_have_count(0)

    await page.get_by_role("button", name="Revoke Shop…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("Shop is revoked")).to_be_visible()
    refused = await eyes.server.call("POST", "/api/v1/events", {"type": "a.b"}, authorization=f"Bearer {token}")
    assert refused.status == 401


async def test_a_public_key_names_the_pages_that_use_it(eyes: Eyes, page: Page) -> None:
    """What is no origin is refused at its field, and what was typed stays."""
    await eyes.open(page, "/settings/keys")
    await page.get_by_role("button", name="New key").click()
    await page.get_by_role("radio", name="Public").click()
    await page.get_by_label("Pages").fill("shop.example/path")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Pages").fill("https://shop.example")
    await page.get_by_role("button", name="Create key").click()
    await page.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_text("from https://shop.example")).to_be_visible()


async def test_somebody_is_invited_by_link_and_joins(eyes: Eyes, page: Page) -> None:
    """Without mail the link is shown; whoever opens it makes an account, joins as a viewer, and cannot manage."""
    await eyes.open(page, "/settings/members")
    await page.get_by_role("button", name="Invite…").click()
    await page.get_by_label("E-mail").fill("leo@fjord.example")
    await page.get_by_label("Role", exact=True).select_option("viewer")
    await page.get_by_role("button", name="Make invitation link").click()
    link = await page.get_by_role("dialog").locator("code").inner_text()
    await page.get_by_role("button", name="I have sent it").click()
    await expect(page.get_by_text("invited by Maya Chen")).to_be_visible()

    guest = await eyes.window()
    await guest.goto(link)
    await expect(guest.get_by_role("heading", level=1, name="Join Fjord Coffee")).to_be_visible()
    await assert_accessible(guest)
    await guest.get_by_label("Name").fill("Leo Park")
    await guest.get_by_label("Password", exact=True).fill("another-long-word-7")
    await guest.get_by_role("button", name="Create account and join").click()
    await expect(guest.get_by_role("button", name="Fjord Coffee")).to_be_visible()
    await eyes.open(guest, "/settings/members")
    await expect(guest.get_by_text(NAME).first).to_be_visible()
    await expect(guest.get_by_role("button", name="Invite…")).to_have_count(0)


async def test_an_invitation_from_the_servers_machine_is_nobodys(eyes: Eyes, server: Server, page: Page) -> None:
    """Made by the command it has no inviter: the list and the page that it leads to do without a name."""
    command = Path(sys.executable).with_name("ensue")
    shell = await asyncio.create_subprocess_exec(
        command,
        *["members", "invite", "ana@fjord.example", "--role", "admin"],
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"ENSUE_DATA": str(server.data)},
    )
    link = (await shell.communicate())[0].decode().strip()
    await eyes.open(page, "/settings/members")
    await expect(page.get_by_text("Admin · invited on the server’s machine · expires")).to_be_visible()
    guest = await eyes.window()
    await guest.goto(f"{server.url}/invitation#{link.partition('#')[2]}")
    await expect(guest.get_by_text("You are invited as admin.")).to_be_visible()


async def test_a_project_is_made_and_deleted_by_its_name(eyes: Eyes, page: Page) -> None:
    """From the switcher; a wrong word deletes nothing."""
    await eyes.open(page, "/")
    await page.get_by_role("button", name="Fjord Coffee").click()
    await page.get_by_role("menuitem", name="New project…").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Second")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.get_by_role("button", name="Second Switch project")).to_be_visible()
    await eyes.open(page, "/settings/projects")
    await page.get_by_role("button", name="More for Second").click()
    await page.get_by_role("menuitem", name="Delete…").click()
    await page.get_by_role("button", name="Delete project").click()
    await expect(page.get_by_text("Write exactly second.")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_label("Write second to confirm").fill("second")
    await page.get_by_role("button", name="Delete project").click()
    await expect(page.get_by_text("Second is deleted")).to_be_visible()
    await expect(page.get_by_role("button", name="Fjord Coffee Switch project")).to_be_visible()


async def test_a_chosen_theme_is_there_from_the_first_paint(eyes: Eyes, page: Page) -> None:
    """It outlives a reload and wins over the system's."""
    await eyes.open(page, "/settings")
    await page.get_by_role("radio", name="Dark").click()
    await page.reload()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 19, 22)"
