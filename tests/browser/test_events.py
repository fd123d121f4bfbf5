"""An event in a browser: its page, and whatever tries to be more than text; its buttons are in `test_actions.py`."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server
from tests.browser.eyes import Eyes, assert_accessible
from tests.browser.test_feed import live, show

SCRIPTS = ('<img src=x onerror="window.hit=1">', "<script>window.hit=1</script>", "javascript:window.hit=1")


def button(url: str, **fields: Any) -> dict[str, Any]:
    """A button of a card."""
    return {"key": "go", "label": "Approve order", "url": url} | fields


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


async def test_what_comes_before_anybody_listens_is_not_lost(
    eyes: Eyes, server: Server, cookie: str, sink: Sink
) -> None:
    """The thread grows, and a button is pressed, when the event has been read and its stream is not there yet."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    actions = [button(sink.url)]
    event = await show(
        server, "Order held", "order.held", card={"actions": actions}, context={"id": "o-1", "start": True}
    )
    listens = asyncio.Event()

    async def late(route: Route) -> None:
        await listens.wait()
        await route.continue_()

    await page.route("**/api/v1/stream?*", late)
    await eyes.open(page, f"/events/{event}")
    await expect(page.get_by_role("button", name="Approve order")).to_be_visible()
    await server.send("order.step", card={"title": "Looked at"}, context={"id": "o-1"})
    assert (await server.call("POST", f"/api/v1/events/{event}/actions/go")).status == 200
    listens.set()
    await expect(page.get_by_role("link", name="Looked at")).to_be_visible()
    await expect(page.get_by_text("Order approved by first key")).to_be_visible()


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
