"""An event in a browser: its page, its buttons pressed by many, and whatever tries to be more than text."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually
from tests.browser.eyes import Eyes, assert_accessible
from tests.browser.test_feed import live, row, show

SCRIPTS = ('<img src=x onerror="window.hit=1">', "<script>window.hit=1</script>", "javascript:window.hit=1")


def button(url: str, **fields: Any) -> dict[str, Any]:
    """A button of a card."""
    return {"key": "go", "label": "Approve order", "url": url} | fields


async def test_eight_windows_press_at_once(eyes: Eyes, server: Server, cookie: str, sink: Sink) -> None:
    """One request goes out, the other presses are conflicts; all eight windows see what came of it, and who pressed."""
    held = asyncio.Event()
    sink.script = lambda _received: Reply(hold=held.wait)
    await show(server, "Order held", card={"actions": [button(sink.url)]})
    pages = [await eyes.window(cookie) for _ in range(8)]
    statuses: list[int] = []
    for page in pages:
        page.on("response", lambda one: statuses.append(one.status) if one.request.method == "POST" else None)
        await eyes.open(page, "/")
        await live(page)
    buttons = [await page.get_by_role("button", name="Approve order", exact=True).element_handle() for page in pages]
    await asyncio.gather(*(one.evaluate("one => one.click()") for one in buttons))
    await expect(row(pages[0], "Order held")).to_contain_text("pressed by Maya Chen")
    held.set()
    for page in pages:
        await expect(row(page, "Order held")).to_contain_text("Approve order by Maya Chen")
        await expect(page.get_by_role("button", name="Approve order")).to_have_count(0)
    assert len(sink.received) == 1
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409}


async def test_danger_is_held_or_asked_for(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """A short press does nothing; held it is pressed; by keyboard a dialog asks, and says who is called."""
    for title in ("Held", "Asked"):
        await show(server, title, card={"actions": [button(sink.url, label="Cancel order", style="danger")]})
    await eyes.open(page, "/")
    await live(page)
    held = row(page, "Held").get_by_role("button", name="Cancel order")
    await held.click()
    await expect(held).to_be_visible()
    await row(page, "Asked").get_by_role("button", name="Cancel order").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Cancel order?")
    await expect(dialog).to_contain_text("is called at once, as Maya Chen.")
    await assert_accessible(page)
    assert not sink.received
    await dialog.get_by_role("button", name="Cancel order").click()
    await expect(row(page, "Asked")).to_contain_text("Cancel order by Maya Chen")
    await held.hover()
    await page.mouse.down()
    await expect(row(page, "Held")).to_contain_text("by Maya Chen")
    await page.mouse.up()
    await eventually(lambda: len(sink.received) == 2, "both were called")


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
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("by Maya Chen, just now")).to_be_visible()
    await expect(page.get_by_text("2 deliveries, 2 attempts")).to_be_visible()


async def test_the_page_of_an_event(eyes: Eyes, server: Server, page: Page, sink: Sink) -> None:
    """What followed with its attempts, the thread, and the events around it, which arrows lead to."""
    sink.script = lambda _received: Reply(410, b"no <b>more</b>")
    await server.trigger(sink.url, name="Warehouse", match={"type": "order.held"}, retry={"attempts": 1})
    older = await show(server, "Older")
    event = await show(server, "Order held", "order.held", data={"order": 4821}, context={"id": "o-1"})
    newer = await show(server, "Newer")
    await eyes.open(page, f"/events/{event}")
    await expect(page.get_by_role("heading", level=1, name="Order held")).to_be_visible()
    await page.get_by_role("button", name="Warehouse").click()
    await expect(page.get_by_text("no <b>more</b>")).to_be_visible()
    await expect(page.get_by_text('"order"')).to_be_visible()
    await assert_accessible(page)
    await server.send("order.step", card={"title": "Looked at"}, context={"id": "o-1"})
    await expect(page.get_by_role("link", name="Looked at")).to_be_visible()
    await page.get_by_role("button", name="Older event").click()
    await page.wait_for_url(f"**/events/{older}")
    await page.goto(f"{server.url}/events/{event}")
    await page.get_by_role("button", name="Newer event").click()
    await page.wait_for_url(f"**/events/{newer}")
    other = event[:-1] + ("1" if event.endswith("0") else "0")
    await page.goto(f"{server.url}/events/{other}")
    await expect(page.get_by_role("heading", name="This event is gone")).to_be_visible()


@pytest.mark.parametrize("script", SCRIPTS)
async def test_nothing_that_is_sent_is_more_than_text(eyes: Eyes, server: Server, page: Page, script: str) -> None:
    """Scripts in title, category, avatar, labels, each kind of content, thread and data are read, not run."""
    contents: list[dict[str, Any]] = [
        {"type": "text", "value": script},
        {"type": "rows", "value": [[script, script], {"label": script, "value": {script: script}}]},
        {"type": "json", "value": {script: [script]}},
        {"type": "image", "value": "https://images.example/x.png"},
    ]
    link = {"label": script[:48], "url": "https://shop.example/", "external": True}
    last = ""
    for content in contents:
        card = {"title": script, "avatar": script, "category": script[:64], "content": content, "actions": [link]}
        last = await server.send("try.script", card=card, data={script: script}, subject=script, context={"id": script})
    await eyes.open(page, "/")
    await live(page)
    rows = page.get_by_role("article")
    for at in range(await rows.count()):
        await rows.nth(at).get_by_role("link").first.click()
        await expect(page.get_by_role("complementary")).to_contain_text("try.script")
        await expect(rows.nth(at)).to_contain_text(script)
        await page.keyboard.press("Escape")
    await eyes.open(page, f"/events/{last}")
    await expect(page.get_by_role("button", name="Load image")).to_be_visible()
    await expect(page.locator("a[target=_blank]").first).to_have_attribute("rel", "noopener noreferrer")
    assert await page.evaluate("window.hit") is None
