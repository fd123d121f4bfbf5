"""The overview shows what the demo made; the playground sends what it shows; the server says how it is."""

import asyncio
import json
import re

from playwright.async_api import Page, Position, Request, expect

from tests.acceptance.server import PROGRAM, Server, environment, eventually
from tests.browser import eyes
from tests.browser.eyes import DESKTOP, PHONE, Eyes, assert_accessible, counted

HOURS = 24
"""The bars of a day."""


async def demo(server: Server, count: int) -> None:
    """Fill the server's first project."""
    settings = server.settings | {"ENSUE_URL": server.url, "ENSUE_KEY": server.key}
    running = await asyncio.create_subprocess_exec(
        str(PROGRAM), "demo", "--json", "--count", str(count), env=environment(settings), stdout=asyncio.subprocess.PIPE
    )
    told = json.loads((await running.communicate())[0])
    assert running.returncode == 0
    assert told["events"] == count


async def fits(page: Page, width: int) -> None:
    """Nothing sticks out at the side of a window of so many pixels, once it has taken its new form."""
    await page.set_viewport_size({"width": width, "height": 740})
    await eyes.fits(page, width)


async def narrow(page: Page) -> None:
    """Nothing sticks out at the side of a phone."""
    for width in (PHONE[0], 360):
        await fits(page, width)
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


async def test_the_overview_shows_what_the_demo_made(eyes: Eyes, page: Page) -> None:
    """Numbers with their base, both charts drawn, types that lead to the feed, who fails; whole on a phone."""
    await eyes.open(page, "/overview")
    await expect(page.get_by_text("Nothing happened")).to_be_visible()
    await assert_accessible(page)
    await demo(eyes.server, 120)
    await counted(eyes.server, 120)

    await eyes.open(page, "/overview?range=7d")
    await expect(page.locator(".plot canvas")).to_have_count(2)
    chart = page.get_by_role("region", name="Events", exact=True)
    await expect(chart.get_by_text("events, most at")).to_be_visible()
    await expect(chart.get_by_role("table").get_by_role("row").nth(2)).to_be_attached()
    await expect(
        page.get_by_text(re.compile("Warehouse hold has been failing since|triggers are failing"))
    ).to_be_visible()
    await expect(page.get_by_role("link", name="Warehouse hold")).to_be_visible()
    await expect(page.get_by_text("search and counts are up to date")).to_be_visible()
    await assert_accessible(page)
    await narrow(page)

    await page.get_by_role("link", name="order.created").click()
    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()
    await expect(page.get_by_role("article").first).to_be_visible()


async def test_an_empty_project_is_filled_by_a_click(eyes: Eyes, page: Page) -> None:
    """No terminal is needed to look around: what the demo made up is there at once, and the page that hears of all of
    it meanwhile asks about one event after the other, not about thousands at once."""
    asking: set[Request] = set()
    together: list[int] = []

    def asked(request: Request) -> None:
        if re.search(r"/api/v1/events/[0-9a-f-]{36}$|/readyz$", request.url):
            asking.add(request)
            together.append(len(asking))

    def answered_or_not(request: Request) -> None:
        asking.discard(request)

    page.on("request", asked)
    page.on("requestfinished", answered_or_not)
    page.on("requestfailed", answered_or_not)
    await eyes.open(page, "/")
    async with page.expect_response("**/api/v1/demo", timeout=60_000) as answered:
        await page.get_by_role("button", name="fill the project with demo events").click()
    assert (await answered.value).status == 201
    row = page.get_by_role("article").filter(has_text="Order 4821 is waiting for review")
    await expect(row).to_be_visible()
    await expect(row.get_by_role("button", name="Approve order")).to_be_visible()
    await expect(page.get_by_text("Refunded")).to_be_visible()
    assert 0 < max(together) < 5, together


async def test_a_bar_leads_to_its_events(eyes: Eyes, page: Page) -> None:
    """Under the pointer stand the values of its hour; a click shows the feed of it."""
    await eyes.server.send(card={"title": "Seen in its hour"})
    await counted(eyes.server, 1)
    await eyes.open(page, "/overview")
    over = page.get_by_role("region", name="Events", exact=True).locator(".u-over")

    async def found() -> Position | None:
        box = await over.bounding_box()
        assert box is not None
        for bar in (1, 2):  # a new hour may have begun since it was sent
            there: Position = {"x": box["width"] * (1 - (bar - 0.5) / HOURS), "y": box["height"] - 20}
            await over.hover(position=there)
            if await page.get_by_text("· Other 1").is_visible():
                return there
        return None

    await over.click(position=await eventually(found, "the pointer finds the bar of its hour"))
    await expect(page.get_by_role("article").filter(has_text="Seen in its hour")).to_be_visible()


async def test_the_playground_sends_what_it_shows(eyes: Eyes, page: Page) -> None:
    """Card and code follow what is typed; mistakes stand at their fields; what was sent is in the feed."""
    await eyes.open(page, "/playground")
    await assert_accessible(page)
    await narrow(page)
    await page.get_by_label("Title").fill("Ada's order is paid")
    await page.get_by_role("button", name="Add action").click()
    await page.get_by_label("Label of action 1").fill("Ship it")
    await page.get_by_label("Address of action 1").fill("nowhere")
    await page.get_by_role("tab", name="Python").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text('"label": "Ship it"')
    await assert_accessible(page)

    await page.get_by_role("button", name="Send event").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_label("Address of action 1").fill("https://shop.example/ship")
    await page.get_by_role("button", name="Send event").click()
    await expect(page.get_by_text("Sent.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Title")).to_have_value("Ada's order is paid")

    await eyes.open(page, "/")
    card = page.get_by_role("article").filter(has_text="Ada's order is paid")
    await expect(card).to_be_visible()
    await expect(card.get_by_role("button", name="Ship it")).to_be_visible()


async def test_the_server_says_how_it_is(eyes: Eyes, page: Page) -> None:
    """In words and numbers, in the settings of admins."""
    await eyes.open(page, "/settings/server")
    await expect(page.get_by_text("Nothing is wrong.")).to_be_visible()
    await expect(page.get_by_text("Size of the data")).to_be_visible()
    await assert_accessible(page)
    await narrow(page)
