"""The feed in a browser: the first event live, the pill, search, test mode, threads, a restart, a long list."""

import asyncio
import re
from typing import Any

from playwright.async_api import Locator, Page, Route, expect

from tests.acceptance.server import Server, eventually
from tests.browser.eyes import PHONE, Eyes, assert_accessible, counted, fits

BATCH = 1_000


def row(page: Page, title: str) -> Locator:
    """The row of an event."""
    return page.get_by_role("article", name=title, exact=True)


async def show(server: Server, title: str, kind: str = "order.paid", **fields: Any) -> str:
    """Send an event with a card."""
    card = {"title": title, "category": "Orders"} | fields.pop("card", {})
    return await server.send(kind, card=card, **fields)


async def live(page: Page) -> None:
    """Wait until the feed follows, and has read again what it had read before it did."""
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_role("feed").and_(page.locator("[aria-busy=true]"))).to_have_count(0)
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)


async def test_the_first_event_takes_the_place_of_the_lesson(eyes: Eyes, server: Server, page: Page) -> None:
    """An empty project teaches by a snippet; the card replaces it the moment it comes, without a reload."""
    await eyes.open(page, "/")
    await expect(page.get_by_role("heading", name="Listening for your first event…")).to_be_visible()
    await page.get_by_role("tab", name="Python").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("from ensue import Client")
    await expect(page.get_by_role("tabpanel")).to_contain_text(f'"{server.key}")')
    await page.get_by_role("tab", name="curl").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text(f"Authorization: Bearer {server.key}")
    await expect(page.get_by_text("Your first key is filled in.")).to_be_visible()
    await assert_accessible(page)
    event = await show(server, "First order paid")
    await expect(row(page, "First order paid")).to_be_visible()
    await expect(page.get_by_role("heading", name="Listening for your first event…")).to_have_count(0)
    await row(page, "First order paid").click()
    await expect(page.get_by_role("complementary", name="What followed")).to_contain_text(
        "No trigger matched this event."
    )
    await expect(page).to_have_url(f"{server.url}/?event={event}")
    await assert_accessible(page)


async def test_what_comes_while_one_reads_waits(eyes: Eyes, server: Server, page: Page) -> None:
    """Rows stay where they are under the pointer; the pill counts, and shows them."""
    await show(server, "The first")
    await eyes.open(page, "/")
    await live(page)
    await row(page, "The first").click()
    for number in range(3):
        await show(server, f"Later {number}")
    await expect(page.get_by_role("button", name="3 new")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(1)
    await assert_accessible(page)
    await page.keyboard.press(".")
    await expect(page.get_by_role("article")).to_have_count(4)
    await expect(page.get_by_role("article").first).to_contain_text("Later 2")


async def test_a_stream_that_comes_late_has_the_list_read_once_more(eyes: Eyes, server: Server, cookie: str) -> None:
    """The list is shown without it; then it is read again, and what comes waits for whoever reads."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await show(server, "The first")
    listens = asyncio.Event()
    lists: list[str] = []

    async def late(route: Route) -> None:
        await listens.wait()
        await route.continue_()

    await page.route("**/api/v1/stream?*", late)
    page.on("request", lambda request: lists.append(request.url) if "limit=50" in request.url else None)
    await eyes.open(page, "/")
    await expect(row(page, "The first")).to_be_visible()
    shown = len(lists)
    listens.set()
    await live(page)
    await row(page, "The first").click()
    await show(server, "The second")
    await expect(page.get_by_role("button", name="1 new")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(1)
    assert len(lists) == shown + 1


async def test_paused_until_told_to_go_on(eyes: Eyes, server: Server, page: Page) -> None:
    """`p` stops the list and says how much waits; `p` again lets it go on."""
    await show(server, "The first")
    await eyes.open(page, "/")
    await live(page)
    await page.keyboard.press("p")
    await show(server, "The second")
    await expect(page.get_by_text("Paused · 1 new")).to_be_visible()
    await expect(row(page, "The second")).to_have_count(0)
    await page.keyboard.press("p")
    await expect(row(page, "The second")).to_be_visible()


async def test_search_as_one_types(eyes: Eyes, server: Server, page: Page) -> None:
    """Words and chips narrow the list and stand in the URL; a wrong chip says why; nothing found says so."""
    await show(server, "Disk is full", card={"category": "Infra"})
    await show(server, "Order 4821 held", "order.held")
    await show(server, "Disk order", "order.paid")
    await counted(server, 3)
    await eyes.open(page, "/")
    await expect(page.get_by_role("article")).to_have_count(3)
    field = page.get_by_role("combobox", name="Search or filter")
    await field.fill("disk")
    await expect(page.get_by_role("article")).to_have_count(2)
    await field.press_sequentially(" category:Orders ")
    await expect(page.get_by_role("article")).to_have_count(1)
    await expect(page).to_have_url(f"{server.url}/?q=disk&category=Orders")
    await page.reload()
    await expect(row(page, "Disk order")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(1)
    await field.press_sequentially(' "( AND zzz')
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.get_by_role("article")).to_have_count(3)
    await field.fill("after:31Feb ")
    await expect(page.get_by_role("alert")).to_contain_text("31Feb is no day or time.")
    await assert_accessible(page)
    await field.press("Home")
    await field.press("Backspace")
    await expect(field).to_have_value("after:31Feb")


async def test_who_leaves_while_typing_searches_nothing(eyes: Eyes, server: Server, page: Page) -> None:
    """A word that was just typed is no search on the screen that one has gone to."""
    await server.send("order.paid")
    await page.clock.install()
    await eyes.open(page, "/")
    await page.get_by_role("combobox").evaluate(
        """(field) => {
          field.value = 'order';
          field.dispatchEvent(new InputEvent('input', { bubbles: true }));
          document.querySelector('nav a[href="/triggers"]').click();
        }"""
    )
    await expect(page.get_by_role("heading", level=1, name="Triggers")).to_be_visible()
    await page.clock.run_for(5_000)
    assert page.url == f"{eyes.server.url}/triggers"


async def test_keys_that_are_faster_than_the_offers_count(eyes: Eyes, server: Server, cookie: str) -> None:
    """What is pressed before the offers have loaded chooses of them when they have; what is taken back does nothing."""
    page = await eyes.window(cookie, worker=False)  # which might have them already
    await show(server, "Paid")
    loads = asyncio.Event()

    async def slow(route: Route) -> None:
        await loads.wait()
        await route.continue_()

    await page.route(re.compile(r"/assets/Offers-"), slow)
    await eyes.open(page, "/")
    field = page.get_by_role("combobox", name="Search or filter")
    await field.press_sequentially("ca")
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        await field.press(key)
    await expect(field).to_have_value("ca")
    loads.set()
    await expect(field).to_have_value("category:")
    await expect(page.get_by_role("option", name="Orders")).to_be_visible()


async def test_a_search_that_finds_nothing_is_given_up_by_keys(eyes: Eyes, server: Server, page: Page) -> None:
    """The field keeps the focus when all is shown again, and what is typed next is looked for."""
    await show(server, "Disk is full")
    await show(server, "Order 4821 held")
    await counted(server, 2)
    await eyes.open(page, "/")
    field = page.get_by_role("combobox", name="Search or filter")
    await field.press_sequentially("zzz")
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Backspace")
    await expect(page.get_by_role("article")).to_have_count(2)
    await expect(field).to_be_focused()
    await page.keyboard.type("disk")
    await expect(page.get_by_role("article")).to_have_count(1)


async def test_only_what_has_a_button(eyes: Eyes, server: Server, page: Page) -> None:
    """`has:action`, offered while one types, leaves the others out; what comes live is held to it, too."""
    action = {"key": "ship", "label": "Ship it", "url": "http://127.0.0.1:9/"}
    await show(server, "Without")
    await show(server, "With", card={"actions": [action]})
    await counted(server, 2)
    await eyes.open(page, "/")
    field = page.get_by_role("combobox", name="Search or filter")
    await field.press_sequentially("has")
    await expect(page.get_by_role("option").first).to_be_visible()
    await field.press("ArrowDown")
    await field.press("Enter")
    await page.get_by_role("option", name="action").click()
    await expect(page.get_by_role("article")).to_have_count(1)
    await field.blur()
    await show(server, "Again without")
    await show(server, "Again with", card={"actions": [action]})
    await expect(row(page, "Again with")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(2)


async def test_test_mode_shows_test_events_only_and_says_so(eyes: Eyes, server: Server, page: Page) -> None:
    """`t` turns it on: band, tag, and nothing else in the list; off again, they are gone."""
    await show(server, "In earnest")
    await show(server, "A trial", card={"test": True})
    await eyes.open(page, "/")
    await expect(row(page, "A trial")).to_have_count(0)
    await live(page)
    await page.keyboard.press("t")
    await expect(page.get_by_text("Only test events are shown.")).to_be_visible()
    await expect(row(page, "A trial")).to_contain_text("Test")
    await expect(row(page, "In earnest")).to_have_count(0)
    await expect(page).to_have_url(f"{server.url}/?test=1")
    await assert_accessible(page)
    await page.get_by_role("button", name="Leave test mode").click()
    await expect(row(page, "In earnest")).to_be_visible()
    await expect(row(page, "A trial")).to_have_count(0)


async def _counted(server: Server, muted: int) -> bool:
    """Whether the server has counted so many muted events."""
    found = (await server.get("/api/v1/stats?of=events&muted=true"))["items"]
    return bool(found) and found[0]["count"] == muted


async def test_muted_behind_a_switch(eyes: Eyes, server: Server, page: Page) -> None:
    """Muted events are not there until the switch shows them."""
    await show(server, "Loud")
    await show(server, "Quiet", card={"muted": True})
    await eyes.open(page, "/")
    await expect(row(page, "Loud")).to_be_visible()
    await expect(row(page, "Quiet")).to_have_count(0)
    await eventually(lambda: _counted(server, 1), "the muted one is counted")
    await page.reload()
    await expect(page.get_by_role("switch", name="Muted")).to_contain_text("1")
    await expect(page.get_by_role("link", name="Orders").filter(has_text="1")).to_be_visible()
    await page.get_by_role("switch", name="Muted").click()
    await expect(row(page, "Quiet")).to_be_visible()


async def test_a_thread_grows_while_one_looks(eyes: Eyes, server: Server, page: Page) -> None:
    """What comes into a context joins its card, and makes no row of its own."""
    await show(server, "Deploy web", "deploy.started", context={"id": "d-1", "start": True})
    await eyes.open(page, "/")
    await live(page)
    for step in ("Build finished", "Tests passed"):
        await server.send("deploy.step", card={"title": step}, context={"id": "d-1"})
    steps = row(page, "Deploy web").get_by_role("listitem")
    await expect(steps).to_contain_text(["Build finished", "Tests passed"])
    await expect(row(page, "Deploy web")).to_contain_text("2 in thread")
    await expect(page.get_by_role("article")).to_have_count(1)


async def test_nothing_lost_or_doubled_over_a_restart(eyes: Eyes, server: Server, page: Page) -> None:
    """The server goes away and comes back: the feed says so, and goes on with each event once."""
    await show(server, "Before")
    await eyes.open(page, "/")
    await live(page)
    reconnecting = expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    await asyncio.gather(reconnecting, server.stop())  # after some tries it says "Offline"
    await server.start()
    await show(server, "While away")
    await live(page)
    await show(server, "After")
    await expect(row(page, "After")).to_be_visible()
    await expect(page.get_by_role("article").locator("h3")).to_have_text(["After", "While away", "Before"])


async def test_keyboard_only(eyes: Eyes, server: Server, page: Page) -> None:
    """Down, up, open, back, search and the map of keys, without a pointer; turned off, single keys do nothing."""
    for number in range(5):
        await show(server, f"Event {number}")
    await eyes.open(page, "/")
    await live(page)
    await expect(row(page, "Event 4")).to_be_visible()
    await page.keyboard.press("j")
    await expect(row(page, "Event 4")).to_be_focused()
    await page.keyboard.press("j")
    await expect(row(page, "Event 3")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(row(page, "Event 2")).to_be_focused()
    await page.keyboard.press("]")
    await expect(row(page, "Event 3")).to_be_focused()
    await page.keyboard.press("PageDown")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("complementary").get_by_role("heading", name="Event 3")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(f"{server.url}/")
    await page.keyboard.press("/")
    await expect(page.get_by_role("combobox", name="Search or filter")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys of the keyboard")
    await expect(keys).to_contain_text("Next event")
    await assert_accessible(page)
    await keys.get_by_role("switch", name="Single keys act").click()
    await page.keyboard.press("Escape")
    await page.keyboard.press("t")
    await expect(page.get_by_text("Only test events are shown.")).to_have_count(0)
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="What to do")
    await expect(palette.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("test mode")
    await expect(palette.get_by_role("option")).to_have_text(["Test mode"])
    await assert_accessible(page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Only test events are shown.")).to_be_visible()


async def test_a_long_list_holds_few_rows_and_keeps_the_focused_one(eyes: Eyes, server: Server, page: Page) -> None:
    """Far down among thousands there are never 500 rows, and the row with the focus is still there."""
    for batch in range(3):
        events = [{"type": "load.test", "card": {"title": f"Row {batch * BATCH + number}"}} for number in range(BATCH)]
        assert (await server.call("POST", "/api/v1/events/batch", {"events": events})).status == 207
    await eyes.open(page, "/")
    await live(page)
    newest = row(page, f"Row {3 * BATCH - 1}")
    await expect(newest).to_be_visible()
    await page.keyboard.press("j")
    await expect(newest).to_be_focused()
    counts = []

    async def scrolled() -> bool:
        await page.evaluate("document.querySelector('main').scrollTop += 4000")
        await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        counts.append(await page.get_by_role("article").count())
        return bool(await row(page, "Row 0").count())

    await eventually(scrolled, "the oldest row comes", patience=120)
    await expect(row(page, "Row 0")).to_be_visible()
    assert 5 < max(counts) < 500
    await expect(newest).to_be_focused()
    await page.keyboard.press("j")
    await expect(row(page, f"Row {3 * BATCH - 2}")).to_be_in_viewport()


async def test_on_a_phone(eyes: Eyes, server: Server, cookie: str) -> None:
    """Categories as pills, filters in a sheet, an event as a page of its own; nothing wider than 360 pixels."""
    await show(server, "Order held", card={"content": {"type": "rows", "value": [["Customer", "Ingrid"]]}})
    page = await eyes.window(cookie, size=PHONE)
    await page.set_viewport_size({"width": 360, "height": 740})
    await eyes.open(page, "/")
    await expect(row(page, "Order held")).to_be_visible()
    await fits(page, 360)
    await assert_accessible(page)
    await page.get_by_role("button", name="Filters and view").click()
    await expect(page.get_by_role("dialog", name="Filters and view")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Show the feed").click()
    await row(page, "Order held").tap()
    await expect(page.get_by_role("complementary")).to_contain_text("Ingrid")
    await assert_accessible(page)
