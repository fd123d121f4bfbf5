"""Names are nobody's alone: two projects, two triggers, a category and the rest may have one, and there may be many."""

from playwright.async_api import Page, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server
from tests.browser.eyes import Eyes


async def test_what_has_one_name_is_there_twice(eyes: Eyes, server: Server, page: Page) -> None:
    """Menus open and tell both; a category that is called as the rest is stands beside it."""
    for address in ("one", "two"):
        await server.trigger(f"http://127.0.0.1:9/{address}", name="Mail", match={"type": "order.paid"})
    for number in range(4):
        await server.send("stock.low", card={"title": "Low", "category": f"Shelf {number}"})
    for category in ("Other", None):
        await server.send("stock.low", card={"title": "Low", "category": category})
    for _ in range(2):
        await eyes.open(page, "/settings/projects?new=1")
        await page.get_by_role("dialog").get_by_label("Name").fill("Warehouse")
        await page.get_by_role("button", name="Create project").click()
        await expect(page.get_by_role("button", name="Warehouse Switch project")).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    switcher = page.get_by_role("button", name="Warehouse Switch project")
    await switcher.click()
    await expect(page.get_by_role("menuitemradio", name="Warehouse")).to_have_count(2)
    await page.get_by_role("menuitemradio", name="Fjord Coffee").click()
    await eyes.open(page, "/deliveries")
    await page.get_by_role("button", name="Any trigger").click()
    await expect(page.get_by_role("menuitemradio", name="Mail")).to_have_count(2)
    await eyes.open(page, "/overview")
    legend = page.get_by_role("region", name="Events", exact=True).get_by_role("list")
    await expect(legend.get_by_text("Other", exact=True)).to_have_count(2)


async def test_of_many_that_fail_a_few_are_named(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """The overview names the first ones and counts the rest: a wall of names would hide what stands under it."""
    sink.script = lambda _: Reply(410)
    for number in range(7):
        await server.trigger(sink.url, name=f"Till {number}", match={"type": "order.held"})
    await server.send("order.held")
    await sink.wait_for(7)
    await eyes.open(page, "/overview")
    await expect(page.locator(".alarm")).to_contain_text("7 triggers are failing: Till 0, Till 1, Till 2 and 4 more.")
    await page.get_by_role("link", name="2 more").click()
    await expect(page.get_by_role("table").get_by_role("link", name="Till")).to_have_count(7)


async def test_a_long_menu_is_gone_through_by_typing(eyes: Eyes, server: Server, page: Page) -> None:
    """What is typed without a pause finds what begins so; a letter again and again goes from one to the next."""
    for name in ("Mail", "Mail of orders", "Metrics", "Stock"):
        await server.trigger("http://127.0.0.1:9/", name=name)
    await eyes.open(page, "/deliveries")
    await page.get_by_role("button", name="Any trigger").click()
    await expect(page.get_by_role("menuitemradio", name="Any trigger")).to_be_focused()
    for expected in ("Mail", "Mail of orders", "Metrics", "Mail"):
        await page.keyboard.press("m")
        await expect(page.get_by_role("menuitemradio", name=expected, exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Any trigger").click()
    await expect(page.get_by_role("menuitemradio", name="Any trigger")).to_be_focused()
    await page.keyboard.type("mail o")
    await expect(page.get_by_role("menuitemradio", name="Mail of orders")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Mail of orders")).to_be_visible()
