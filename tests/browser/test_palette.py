"""Everything by name: a trigger, a project, an event by its id, besides the screens and actions of the keys' map."""

from playwright.async_api import Locator, Page, expect

from tests.acceptance.server import Server
from tests.browser.eyes import Eyes, assert_accessible


async def opened(page: Page) -> Locator:
    """The palette, once its field has the focus."""
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="What to do")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    return palette


async def test_a_trigger_is_opened_by_its_name(eyes: Eyes, server: Server, page: Page) -> None:
    """It is offered as one types, and says what it is."""
    trigger = await server.trigger("https://ledger.example/in", name="Ledger")
    await eyes.open(page, "/overview")
    palette = await opened(page)
    await expect(palette.get_by_role("option", name="Ledger")).to_have_count(0)
    await page.keyboard.type("led trig")
    await expect(palette.get_by_role("option")).to_have_text(["Ledger Trigger"])
    await assert_accessible(page)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{server.url}/triggers/{trigger['id']}")


async def test_another_project_is_one_word_away(eyes: Eyes, page: Page) -> None:
    """Only others than this one are offered; the chosen one takes its place."""
    await eyes.open(page, "/settings/projects?new=1")
    await page.get_by_role("dialog").get_by_label("Name").fill("Warehouse")
    await page.get_by_role("button", name="Create project").click()
    await expect(page.get_by_role("button", name="Warehouse Switch project")).to_be_visible()
    palette = await opened(page)
    await page.keyboard.type("project")
    await expect(palette.get_by_role("option", name="Fjord Coffee Project")).to_be_visible()
    await expect(palette.get_by_role("option", name="Warehouse")).to_have_count(0)
    await page.keyboard.type(" fjo")
    await expect(palette.get_by_role("option")).to_have_text(["Fjord Coffee Project"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Fjord Coffee Switch project")).to_be_visible()


async def test_what_has_an_id_is_found_by_it(eyes: Eyes, server: Server, page: Page) -> None:
    """An event by its title, a delivery as itself; of an id that nothing has here that is said."""
    await server.trigger("http://127.0.0.1:9/", match={"type": "order.paid"})
    event = await server.send("order.paid", card={"title": "Order 1 paid"})
    delivery = (await server.delivery_of(event))["id"]
    await eyes.open(page, "/overview")
    palette = await opened(page)
    field = palette.get_by_role("combobox")
    await field.fill("01a20253-0000-7000-8000-000000000000")
    await expect(palette.get_by_role("status")).to_have_text("No event of this project has this id.")
    await field.fill(f" {event.upper()} ")
    await expect(palette.get_by_role("option")).to_have_text(["Order 1 paid Event"])
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{server.url}/events/{event}")
    await opened(page)
    await field.fill(delivery)
    await palette.get_by_role("option", name=delivery).click()
    await expect(page).to_have_url(f"{server.url}/deliveries?event={event}&open={delivery}")
    await expect(page.get_by_role("list", name="Attempts")).to_be_visible()
