"""The page that asks before a press, in a browser without script: from a link, by the login, to what came of it."""

import pytest
from playwright.async_api import Page, expect

from ensue.domain.press import press_page
from ensue.testing import Reply, Sink
from tests.acceptance.server import Server
from tests.browser.eyes import EMAIL, PASSWORD, PHONE, Eyes, assert_accessible
from tests.browser.test_events import button
from tests.browser.test_feed import show

ROWS = {
    "type": "rows",
    "value": [{"Customer": "Ingrid Solberg"}, {"Total": "€ 1,284.00"}, {"Why held": "Countries differ"}],
}
SMALL = (360, 740)


async def held(server: Server, url: str, **fields: object) -> str:
    """The path of the page of a button of a new event."""
    card = {"category": "Orders", "content": ROWS, "actions": [button(url, **fields)]}
    return press_page(await show(server, "Order 4821 is waiting for review", card=card), "go", "default")


async def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(await page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_from_a_link_to_a_pressed_button(eyes: Eyes, server: Server, cookie: str, sink: Sink, theme: str) -> None:
    """Without script, 360 pixels wide: log in, be asked, press, see who pressed; opening it presses nothing."""
    assert cookie
    path = await held(server, sink.url, confirm="Its stock is released at once.")
    page = await eyes.window(size=SMALL, theme=theme, script=False)
    await page.goto(server.url + path)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("That e-mail and password do not belong together.")
    await expect(page.get_by_label("E-mail")).to_have_value(EMAIL)
    assert await fits(page)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Approve order?")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("Its stock is released at once.")
    await expect(page.locator("main")).to_contain_text("127.0.0.1 is called at once, as Maya Chen.")
    await expect(page.get_by_role("link", name="Not now")).to_be_visible()
    assert await fits(page)
    assert page.url == server.url + path
    assert not sink.received
    await page.get_by_role("button", name="Approve order").click()
    await expect(page.locator("main")).to_contain_text("Done, by Maya Chen, just now")
    await page.reload()
    await expect(page.get_by_role("button")).to_have_count(0)
    assert len(sink.received) == 1


async def test_what_it_shows_is_accessible(eyes: Eyes, server: Server, cookie: str, sink: Sink) -> None:
    """In both themes, on a phone and a desk: the login, the question, a failure, and what is not there."""
    sink.script = lambda _received: Reply(503)
    path = await held(server, sink.url, style="danger", confirm="For good.")
    stranger = await eyes.window(size=PHONE)
    await eyes.open(stranger, path)
    await assert_accessible(stranger)
    page = await eyes.window(cookie)
    await eyes.open(page, path)
    await assert_accessible(page)
    await page.get_by_role("button", name="Approve order").click()
    await expect(page.locator("main")).to_contain_text("Failed: 503 from 127.0.0.1 · Maya Chen, just now")
    await assert_accessible(page)
    await eyes.open(page, path.replace("/go", "/none"))
    await expect(page.get_by_role("heading")).to_have_text("There is no such button")
    await assert_accessible(page)


async def test_it_tells_what_the_console_tells(eyes: Eyes, server: Server, cookie: str, page: Page, sink: Sink) -> None:
    """Pressed by the form, the card in the feed says so at once; a form that comes later shows who was faster."""
    path = await held(server, sink.url)
    await eyes.open(page, "/")
    await expect(page.get_by_role("button", name="Approve order")).to_be_visible()
    first, second = await eyes.window(cookie, script=False), await eyes.window(cookie, script=False)
    for one in (first, second):
        await one.goto(server.url + path)
    await first.get_by_role("button", name="Approve order").click()
    await expect(page.get_by_role("button", name="Approve order")).to_have_count(0)
    await expect(page.locator("main")).to_contain_text("by Maya Chen")
    await second.get_by_role("button", name="Approve order").click()
    await expect(second.get_by_role("status")).to_have_text("You pressed it already, in another window.")
    assert len(sink.received) == 1
