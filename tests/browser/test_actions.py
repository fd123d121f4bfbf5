"""Buttons in a browser: each way that one can stand, how it is confirmed, and what everybody who looks sees."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Error, Locator, Page, Route, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually
from tests.browser.eyes import PHONE, Eyes, assert_accessible
from tests.browser.test_deliveries import as_viewer
from tests.browser.test_events import button
from tests.browser.test_feed import live, row, show


@asynccontextmanager
async def holding(sink: Sink) -> AsyncIterator[asyncio.Event]:
    """A receiver that answers when it is told to; it is waited for a few seconds only: look at all windows at once."""
    told = asyncio.Event()
    sink.script = lambda _received: Reply(hold=told.wait)
    try:
        yield told
    finally:
        told.set()


async def opened(eyes: Eyes, page: Page, title: str) -> Locator:
    """The card of an event in the feed."""
    await eyes.open(page, "/")
    await live(page)
    return row(page, title)


async def stopped(page: Page) -> None:
    """Stop the page's clock, so that a hold takes as long as the test says, however slow the machine is: it may be past
    the moment at which it was to stop, and is asked again."""

    async def paused() -> bool:
        now = await page.evaluate("() => Date.now()")
        with suppress(Error):
            await page.clock.pause_at(datetime.fromtimestamp(now / 1000 + 2, UTC))
            return True
        return False

    await eventually(paused, "the clock stops")


async def test_eight_windows_press_at_once(eyes: Eyes, server: Server, cookie: str, sink: Sink) -> None:
    """One request goes out, the other presses are conflicts; all eight windows see what came of it, and who pressed."""
    await show(server, "Order held", card={"actions": [button(sink.url)]})
    pages = [await eyes.window(cookie) for _ in range(8)]
    statuses: list[int] = []
    for page in pages:
        page.on("response", lambda one: statuses.append(one.status) if one.request.method == "POST" else None)
        await opened(eyes, page, "Order held")
    buttons = [await page.get_by_role("button", name="Approve order", exact=True).element_handle() for page in pages]
    async with holding(sink):
        await asyncio.gather(*(one.evaluate("one => one.click()") for one in buttons))
        running = [expect(row(page, "Order held")).to_contain_text("Approving order…") for page in pages]
        await asyncio.gather(*running, expect(row(pages[0], "Order held")).to_contain_text("pressed by Maya Chen"))
    for page in pages:
        await expect(row(page, "Order held")).to_contain_text("Order approved by Maya Chen")
        await expect(page.get_by_role("button", name="Approve order")).to_have_count(0)
    assert len(sink.received) == 1
    await eventually(lambda: 200 in statuses, "the press is answered: the stream may have told of it before")
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409}


async def test_running_counts_the_seconds_then_tells_what_came(
    eyes: Eyes, server: Server, page: Page, cookie: str, sink: Sink
) -> None:
    """For who pressed and for who looks on: the verb, the seconds, who; then what was done, the status, how long."""
    await show(
        server, "Deploy", card={"actions": [button(sink.url, label="Promote"), button("https://x.example/", key="b")]}
    )
    other = await eyes.window(cookie)
    cards = [await opened(eyes, one, "Deploy") for one in (page, other)]
    async with holding(sink):
        await cards[0].get_by_role("button", name="Promote").click()
        running = [
            expect(card.get_by_role("status")).to_have_text(re.compile(r"Promoting…\s[1-9]\d* s")) for card in cards
        ]
        await asyncio.gather(*running, *(expect(card).to_contain_text("pressed by Maya Chen") for card in cards))
        await assert_accessible(other)
    for card in cards:
        await expect(card).to_contain_text(re.compile(r"Promoted by Maya Chen, .*200\s· \d"))
        await expect(card.get_by_role("button", name="Approve order")).to_be_visible()
    assert len(sink.received) == 1


async def test_danger_is_held_or_asked_for(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """Let go too early it does nothing; held it is pressed; by keyboard a dialog asks, and says who is called."""
    for title in ("Asked", "Held"):  # the one on top stays where it is, whatever becomes of the other
        await show(server, title, card={"actions": [button(sink.url, label="Cancel order", style="danger")]})
    await page.clock.install()
    await opened(eyes, page, "Held")
    held = row(page, "Held").get_by_role("button", name="Cancel order")
    await held.hover()
    await stopped(page)
    await page.mouse.down()
    await page.clock.run_for(1_100)
    await expect(held).to_contain_text("Keep holding to cancel…")
    await page.mouse.up()
    await page.clock.run_for(5_000)
    await expect(held).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.clock.resume()
    await row(page, "Asked").get_by_role("button", name="Cancel order").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Cancel order?")
    await expect(dialog).to_contain_text("127.0.0.1")
    await expect(dialog).to_contain_text("is called at once, as Maya Chen. This cannot be undone from here.")
    await assert_accessible(page)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)  # a closed one is there a moment longer than its role
    assert not sink.received
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="Cancel order").focus()
    await page.keyboard.press("Enter")
    await expect(row(page, "Asked")).to_contain_text("Order cancelled by Maya Chen")
    await held.hover()
    await page.mouse.down()
    await expect(row(page, "Held")).to_contain_text("by Maya Chen")
    await page.mouse.up()
    await eventually(lambda: len(sink.received) == 2, "both were called")


async def test_a_finger_holds_danger_in_the_sheet(eyes: Eyes, server: Server, cookie: str, sink: Sink) -> None:
    """On a phone a tap asks in a sheet; there a short touch does nothing, and a long one presses."""
    await show(server, "Order held", card={"actions": [button(sink.url, label="Cancel order", style="danger")]})
    page = await eyes.window(cookie, size=PHONE)
    await page.clock.install()
    card = await opened(eyes, page, "Order held")
    await card.get_by_role("button", name="Cancel order").tap()
    sheet = page.get_by_role("dialog", name="Cancel order?")
    await expect(sheet.get_by_role("button", name="Not now")).to_be_visible()
    hold = sheet.get_by_role("button", name="Cancel order")
    await assert_accessible(page)
    await stopped(page)
    await hold.tap()
    await page.clock.run_for(5_000)
    await expect(hold).to_be_visible()
    assert not sink.received
    box = await hold.bounding_box()
    assert box is not None
    finger = await page.context.new_cdp_session(page)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await page.clock.run_for(1_100)
    await expect(hold).to_contain_text("Keep holding to cancel…")
    await page.clock.resume()
    await expect(sheet).to_have_count(0)
    await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(card).to_contain_text("Order cancelled by Maya Chen")
    assert len(sink.received) == 1


async def test_a_confirm_text_is_asked_by_mouse_too(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """In the sender's words, as text; "Not now" presses nothing."""
    words = "Its <b>stock</b> is released.\nFor good."
    await show(server, "Order held", card={"actions": [button(sink.url, confirm=words)]})
    card = await opened(eyes, page, "Order held")
    await card.get_by_role("button", name="Approve order").click()
    dialog = page.get_by_role("dialog", name="Approve order?")
    await expect(dialog).to_contain_text("Its <b>stock</b> is released. For good.")
    await expect(dialog).not_to_contain_text("cannot be undone")
    await dialog.get_by_role("button", name="Not now").click()
    await expect(dialog).to_have_count(0)
    assert not sink.received
    await card.get_by_role("button", name="Approve order").click()
    await dialog.get_by_role("button", name="Approve order").click()
    await expect(card).to_contain_text("Order approved by Maya Chen")
    assert len(sink.received) == 1


async def test_of_a_group_one_is_chosen(eyes: Eyes, server: Server, page: Page, cookie: str, sink: Sink) -> None:
    """While one runs the others say so, then that they were not chosen; they are no buttons, for nobody who looks."""
    pair = [button(sink.url, group="verdict"), button(sink.url, key="no", label="Reject", group="verdict")]
    await show(server, "Order held", card={"actions": pair})
    other = await eyes.window(cookie)
    cards = [await opened(eyes, one, "Order held") for one in (page, other)]
    async with holding(sink):
        await cards[0].get_by_role("button", name="Approve order").click()
        await asyncio.gather(*(expect(card).to_contain_text("Reject · Approve order is running") for card in cards))
    for card in cards:
        await expect(card).to_contain_text("Order approved by Maya Chen")
        await expect(card).to_contain_text("Reject · not chosen")
        await expect(card.get_by_role("button", name=re.compile("Reject|Approve"))).to_have_count(0)
    await assert_accessible(page)
    assert len(sink.received) == 1


async def test_it_expires_while_one_looks(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """The button becomes a flat note with its reason, without a reload."""
    await show(server, "Sign-in", card={"actions": [button(sink.url, label="Block session", expires_in=6)]})
    card = await opened(eyes, page, "Sign-in")
    await expect(card).to_contain_text(re.compile(r"Block session · expired"))
    await expect(card.get_by_role("button", name="Block session")).to_have_count(0)
    assert not sink.received


async def test_a_link_is_marked_and_opens_a_new_tab(eyes: Eyes, server: Server, page: Page) -> None:
    """Named as such, without an opener; nothing that is no link of the web is shown."""
    link = {"label": "Open in shop", "url": "https://shop.example/4821", "external": True}
    await show(server, "Order held", card={"actions": [link]})
    card = await opened(eyes, page, "Order held")
    found = card.get_by_role("link", name=re.compile("Open in shop ?, opens shop.example in a new tab"))
    await expect(found).to_have_attribute("target", "_blank")
    await expect(found).to_have_attribute("rel", "noopener noreferrer")
    await expect(found).to_have_attribute("href", "https://shop.example/4821")
    await expect(found.locator("use")).to_have_attribute("href", re.compile("arrow-up-right"))


async def test_a_viewer_looks_and_sees_what_came(eyes: Eyes, server: Server, cookie: str, sink: Sink) -> None:
    """No button for them, the reason in words; what others press is shown all the same."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    event = await show(
        server, "Order held", card={"actions": [button(sink.url), button(sink.url, key="b", label="Ship")]}
    )
    await page.route("**/api/v1/session", as_viewer)
    card = await opened(eyes, page, "Order held")
    await expect(card).to_contain_text("viewers only look")
    await expect(card.get_by_role("button", name="Approve order")).to_have_count(0)
    await press(server, event)
    await expect(card).to_contain_text("Order approved by")


async def press(server: Server, event: str, key: str = "go") -> Any:
    """Press by the key of the server, as another program does."""
    return await server.call("POST", f"/api/v1/events/{event}/actions/{key}")


@pytest.mark.parametrize("grouped", [False, True])
async def test_a_press_that_comes_too_late_shows_the_truth(
    eyes: Eyes, server: Server, cookie: str, sink: Sink, *, grouped: bool
) -> None:
    """Somebody presses in the same moment: a toast says who was faster, and the card what is so."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    group = {"group": "verdict"} if grouped else {}
    pair = [button(sink.url, **group), button(sink.url, key="no", label="Reject", **group)]
    event = await show(server, "Order held", card={"actions": pair})
    card = await opened(eyes, page, "Order held")

    async def overtaken(route: Route) -> None:
        await press(server, event, "no" if grouped else "go")
        await route.continue_()

    await page.route("**/actions/go", overtaken)
    await card.get_by_role("button", name="Approve order").click()
    await expect(page.get_by_text(re.compile("was faster"))).to_be_visible()
    await expect(card).to_contain_text("Approve order · not chosen" if grouped else "Order approved by")
    assert len(sink.received) == 1


async def test_a_press_on_what_was_deleted_says_so_on_the_card(
    eyes: Eyes, server: Server, page: Page, sink: Sink
) -> None:
    """The event goes while its card is open: after the press there is no button to press again, nor on its page."""
    event = await show(server, "Order held", card={"actions": [button(sink.url)]})
    card = await opened(eyes, page, "Order held")
    alone = await page.context.new_page()
    await eyes.open(alone, f"/events/{event}")
    assert (await server.call("DELETE", f"/api/v1/events/{event}")).status == 204
    for window, shown in ((page, card), (alone, alone.get_by_role("main"))):
        await window.bring_to_front()
        await shown.get_by_role("button", name="Approve order").click()
        await expect(shown.get_by_role("status").filter(has_text="This event is gone")).to_be_visible()
        await expect(shown.get_by_role("button", name="Approve order")).to_have_count(0)
        await assert_accessible(window)
    assert not sink.received


async def test_locked_without_a_server(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """Offline no button presses, and the card says why once; they are some again when the connection is back."""
    actions = [button(sink.url), button(sink.url, key="no", label="Reject order")]
    await show(server, "Order held", card={"actions": actions})
    card = await opened(eyes, page, "Order held")
    await expect(card.get_by_role("button", name="Approve order")).to_be_visible()
    await page.context.set_offline(True)
    await expect(card.get_by_text("not while offline")).to_have_count(1)
    await expect(card).to_contain_text(re.compile(r"Approve order\s*Reject order\s*not while offline"))
    await expect(card.get_by_role("button", name="Reject order")).to_have_count(0)
    await expect(card.get_by_role("button", name="Approve order")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(card.get_by_role("button", name="Approve order")).to_be_visible()
    assert not sink.received


async def test_a_press_that_fails_says_so_and_can_be_tried_again(
    eyes: Eyes, server: Server, page: Page, sink: Sink
) -> None:
    """What the receiver answered stands in place of the button; looking at it, and reloading, presses nothing."""
    sink.script = lambda _received: Reply(503)
    event = await show(server, "Disk full", card={"actions": [button(sink.url, label="Grow volume")]})
    await eyes.open(page, "/")
    await page.get_by_role("button", name="Grow volume").click()
    await expect(row(page, "Disk full")).to_contain_text("Grow volume failed · 503 from 127.0.0.1")
    await eyes.open(page, f"/events/{event}")
    await expect(page.get_by_text("Maya Chen pressed Grow volume")).to_be_visible()
    await assert_accessible(page)
    assert len(sink.received) == 1
    sink.script = lambda _received: Reply(200)
    await page.clock.set_fixed_time(datetime.now(UTC))  # what comes is just now, however long it takes
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("Volume grown by Maya Chen, just now")).to_be_visible()
    await expect(page.get_by_text("2 deliveries, 2 attempts")).to_be_visible()
    assert len(sink.received) == 2


async def test_one_that_repeats_keeps_its_button(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """With who pressed it last."""
    await show(server, "Probe", card={"actions": [button(sink.url, label="Ping again", repeat=True)]})
    card = await opened(eyes, page, "Probe")
    for times in (1, 2):
        await card.get_by_role("button", name="Ping again").click()
        await expect(card).to_contain_text("last by Maya Chen,")
        await eventually(lambda times=times: len(sink.received) == times, "it was called")  # type: ignore[misc]
