"""From the printed link to the feed: set-up, logout, login; what is wrong is said at its field."""

from functools import partial

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.server import Server
from tests.browser.eyes import EMAIL, NAME, PASSWORD, Eyes, assert_accessible, end_then_go_on, setup_link


async def test_from_the_printed_link_to_the_shell_and_back_in(eyes: Eyes, server: Server) -> None:
    """Set up by the link, see the project, log out, fail to log in, log in; no screen breaks the policy or axe."""
    page = await eyes.window()
    await page.goto(await setup_link(server))
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_text("Write your name.")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Project").fill("Fjord Coffee")
    await page.get_by_role("button", name="Create account").click()

    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()
    await expect(page.get_by_role("button", name="Fjord Coffee")).to_be_visible()
    await assert_accessible(page)

    await page.get_by_role("button", name=NAME).click()
    await page.get_by_role("menuitem", name="Log out").click()
    await log_in(page, "not the password")
    await expect(page.get_by_text("That e-mail and password do not belong together.")).to_be_visible()
    await assert_accessible(page)
    await log_in(page, PASSWORD)
    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()


async def log_in(page: Page, password: str) -> None:
    """Fill the form and send it."""
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log in").click()


async def test_a_link_pasted_over_the_page_without_it(eyes: Eyes, server: Server) -> None:
    """Only what is behind the # changes then, yet the form comes; what is wrong is said until it is written anew."""
    link = await setup_link(server)
    page = await eyes.window()
    await page.goto(link.partition("#")[0])
    await expect(page.get_by_text("Open the whole link")).to_be_visible()
    await page.goto(link)
    name, missing = page.get_by_label("Name"), page.get_by_text("Write your name.")
    await page.get_by_role("button", name="Create account").click()
    await expect(missing).to_be_visible()
    await expect(name).to_be_focused()
    await name.press_sequentially("M")
    await expect(missing).to_have_count(0)
    await name.fill("")
    await page.get_by_role("button", name="Create account").click()
    await expect(missing).to_be_visible()


async def test_the_link_works_once(eyes: Eyes, server: Server) -> None:
    """Whoever opens it when the account exists is told so, and gets no form."""
    link = await setup_link(server)
    page = await eyes.window()
    await page.goto(link)
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()

    other = await eyes.window()
    await other.goto(link)
    await expect(other.get_by_role("heading", level=1, name="This server is set up")).to_be_visible()
    await expect(other.get_by_label("Name")).to_have_count(0)


@pytest.mark.parametrize(
    ("target", "lands"),
    [("/settings/keys", "/settings/keys"), ("//evil.example/x", "/"), ("https://evil.example/", "/")],
)
async def test_a_login_leads_to_where_one_wanted_and_never_elsewhere(
    eyes: Eyes, cookie: str, target: str, lands: str
) -> None:
    """The page that was asked for is opened after the login; another site is not."""
    page = await eyes.window()
    if target == lands:
        await eyes.open(page, target)
        assert cookie
    else:
        await eyes.open(page, f"/login?to={target}")
    await expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    await log_in(page, PASSWORD)
    await page.wait_for_url(eyes.server.url + lands)


async def test_a_session_that_ends_is_taken_up_where_one_was(eyes: Eyes, cookie: str) -> None:
    """What is on the page stays; a dialog asks for the password, and the next press works."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await eyes.open(page, "/settings/keys")
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name").fill("Typed before")
    await page.route("**/api/v1/keys", partial(end_then_go_on, eyes.server.url), times=1)
    await page.get_by_role("button", name="Create key").click()
    dialog = page.get_by_role("dialog", name="Your session ended")
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_label("Name")).to_have_value("Typed before")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.get_by_role("dialog", name="Keep this key now")).to_be_visible()
