"""Deliveries: opened to their attempts, retried, replayed with progress; what a viewer may not do is not there."""

import json
import re

from playwright.async_api import Page, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import eventually
from tests.browser.eyes import PHONE, Eyes, assert_accessible, fits

DEAD = "/api/v1/deliveries?state=dead"


async def dead(eyes: Eyes, sink: Sink, count: int) -> None:
    """So many deliveries that the receiver refused, each after its one try."""
    body = json.dumps({"error": "maintenance"}).encode()
    sink.script = lambda _: Reply(503, body, {"content-type": "application/json", "x-evil": "<img src=x>"})
    await eyes.server.trigger(sink.url, name="Warehouse hold", match={"type": "order.held"}, retry={"attempts": 1})
    for number in range(count):
        await eyes.server.send("order.held", card={"title": f"Order {number} held"}, data={"by": f"person{number}"})

    async def all_dead() -> bool:
        return len(await eyes.server.items(DEAD)) == count

    await eventually(all_dead, "they are dead")


async def test_a_dead_delivery_is_opened_and_retried(eyes: Eyes, page: Page, sink: Sink) -> None:
    """Its attempt, response, request and headers; retried now it arrives, where one looks."""
    await dead(eyes, sink, 1)
    await eyes.open(page, "/deliveries?state=dead")
    await expect(page.get_by_text("503, gave up")).to_be_visible()
    await expect(page.get_by_role("link", name="Deliveries 1 dead")).to_be_visible()
    await page.get_by_role("button", name="Delivery of Order 0 held").click()
    await expect(page.get_by_text('"maintenance"')).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("tab", name="Headers").click()
    await expect(page.get_by_text("<img src=x>")).to_be_visible()
    await page.get_by_role("tab", name="Request").click()
    await expect(page.get_by_text(f"POST {sink.url}")).to_be_visible()
    for width in (PHONE[0], 360):
        await page.set_viewport_size({"width": width, "height": 740})
        await fits(page, width)
    await expect(page.locator(".tabs").get_by_role("link", name="Deliveries 1 dead")).to_be_visible()
    sink.script = lambda _: Reply(200)
    await page.get_by_role("button", name="Retry now").click()
    await expect(page.get_by_text("It is tried again now")).to_be_visible()
    await sink.wait_for(2)
    await expect(page.get_by_role("button", name="Retry now")).to_have_count(0)
    await expect(page.get_by_text("200 OK").first).to_be_visible()
    await expect(page.get_by_role("link", name="Deliveries 1 dead")).to_have_count(0)


async def test_what_was_a_test_says_so(eyes: Eyes, page: Page, sink: Sink) -> None:
    """In the list, beside what it delivered; nothing else has the tag."""
    trigger = await eyes.server.trigger(sink.url, name="Warehouse", match={"type": "order.held"})
    await eyes.server.send("order.held", card={"title": "Order held"})
    await eyes.server.call("POST", f"/api/v1/triggers/{trigger['id']}/test", {"type": "order.held"})
    await eyes.open(page, "/deliveries")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.get_by_text("Test", exact=True)).to_have_count(1)
    await expect(page.locator("tbody tr").first).to_contain_text(re.compile(r"order\.held\s*Test"))


async def test_many_are_replayed_with_progress(eyes: Eyes, page: Page, sink: Sink) -> None:
    """Counted before, watched while it runs, shown when it is done: each event once again."""
    await dead(eyes, sink, 5)
    await eyes.open(page, "/deliveries")
    await expect(page.locator("tbody tr")).to_have_count(5)
    sink.script = lambda _: Reply(200)
    await page.get_by_role("button", name="Replay many…").first.click()
    await expect(page.get_by_text("5 would be sent again")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Replay 5").click()
    await expect(page.get_by_role("status", name="Replay")).to_contain_text("5 replayed")
    await expect(page.get_by_role("status", name="Replay")).to_contain_text("5 arrived")
    await assert_accessible(page)
    await page.get_by_role("button", name="Show them").click()
    await expect(page.locator("tbody tr")).to_have_count(5)
    await expect(page.locator("tbody").get_by_text("Delivered").first).to_be_visible()
    assert len(sink.received) == 10


async def test_an_empty_list_says_why(eyes: Eyes, page: Page) -> None:
    """Nothing dead is good news; a filter that finds nothing can be cleared; an id that is none is told."""
    await eyes.open(page, "/deliveries?state=dead")
    await expect(page.get_by_text("No dead deliveries.")).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("radio", name="Cancelled").click()
    await expect(page.get_by_text("Nothing is cancelled.")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("dlv_00000000000000000000000000")
    await expect(page.get_by_text("There is no such delivery.")).to_be_visible()


async def test_an_address_opens_its_delivery_wherever_it_is(eyes: Eyes, page: Page, sink: Sink) -> None:
    """One that the list does not hold is shown among those of its event; one that is gone is said to be."""
    await dead(eyes, sink, 2)
    (kept, _) = await eyes.server.items(DEAD)
    await eyes.open(page, f"/deliveries?state=delivered&open={kept['id']}")
    await expect(page.get_by_text('"maintenance"')).to_be_visible()
    await expect(page.locator("tbody .fold")).to_have_count(1)
    await eyes.open(page, f"/deliveries?open={kept['id'][:-4]}0000")
    await expect(page.get_by_text("There is no such delivery.")).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page).not_to_have_url(re.compile("open="))
    eyes.troubles.clear()  # the browser tells of the 404, too


async def test_what_is_pending_is_cancelled(eyes: Eyes, page: Page, sink: Sink) -> None:
    """What waits for a trigger that is off says so; cancelled, it ends where it stands."""
    await eyes.server.trigger(sink.url, name="Off", match={"type": "order.held"}, enabled=False)
    await eyes.server.send("order.held")
    await eyes.open(page, "/deliveries?state=pending")
    await expect(page.get_by_text("waits: trigger is off").first).to_be_visible()
    await page.get_by_role("button", name="Delivery of order.held").click()
    await page.get_by_role("button", name="Cancel delivery").click()
    await expect(page.get_by_text("Delivery cancelled")).to_be_visible()
    found = await eventually(lambda: sink.received == [], "nothing was sent")
    assert found
    assert [one["state"] for one in await eyes.server.items("/api/v1/deliveries")] == ["cancelled"]


async def test_a_viewer_only_looks(eyes: Eyes, cookie: str, sink: Sink) -> None:
    """Nothing that changes something is there: no switch, no run, no retry, no replay, no form that saves."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await dead(eyes, sink, 1)
    await page.route("**/api/v1/session", as_viewer)
    (made,) = await eyes.server.items("/api/v1/triggers")
    await eyes.open(page, "/triggers")
    await expect(page.get_by_role("link", name="Warehouse hold")).to_be_visible()
    for role, name in (("switch", "is on"), ("link", "New trigger"), ("button", "now")):
        await expect(page.get_by_role(role, name=name)).to_have_count(0)  # type: ignore[arg-type]
    await eyes.open(page, f"/triggers/{made['id']}")
    await expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    await expect(page.get_by_role("button", name="Rotate…")).to_have_count(0)
    await eyes.open(page, "/deliveries")
    await page.get_by_role("button", name="Delivery of Order 0 held").click()
    await expect(page.get_by_role("link", name="Open event")).to_be_visible()
    for name in ("Retry now", "Replay many…", "Edit trigger"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


async def as_viewer(route: object) -> None:
    """The session as the server tells it, but for the role."""
    answer = await route.fetch()  # type: ignore[attr-defined]
    view = await answer.json()
    for project in view["projects"]:
        project["role"] = "viewer"
    await route.fulfill(response=answer, json=view)  # type: ignore[attr-defined]


async def test_words_find_deliveries_and_exactly_these_are_replayed(eyes: Eyes, page: Page, sink: Sink) -> None:
    """A word of the event narrows the list and the URL, survives a reload, and is what a replay is counted by."""
    await dead(eyes, sink, 3)
    await eyes.open(page, "/deliveries?state=dead")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await page.keyboard.press("/")
    await page.keyboard.type("held person1")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"q=held(\+|%20)person1"))
    await page.reload()
    await expect(page.get_by_label("Words, address or id")).to_have_value("held person1")
    await expect(page.locator("tbody tr")).to_have_count(1)
    sink.script = lambda _: Reply(200)
    await page.get_by_role("button", name="Replay many…").first.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("With the words")).to_have_value("held person1")
    await expect(dialog.get_by_text("1 would be sent again")).to_be_visible()
    await assert_accessible(page)
    await dialog.get_by_role("button", name="Replay 1").click()
    await expect(page.get_by_role("status", name="Replay")).to_contain_text("1 arrived")
    await page.get_by_label("Words, address or id").fill('nobody "said" this: -*')
    await expect(page.get_by_text('Nothing is dead, “nobody "said" this: -*”.')).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.locator("tbody tr")).to_have_count(4)


async def test_a_stretch_of_time_is_chosen(eyes: Eyes, page: Page, sink: Sink) -> None:
    """From and to are fields of this device's zone, wrong ones are said, and stand in the URL as moments."""
    await dead(eyes, sink, 1)
    await eyes.open(page, "/deliveries?since=2026-01-02T10:00:00Z&until=2026-01-02T11:00:00Z")
    await expect(page.get_by_text("Nothing is 2 Jan 11:00 – 12:00.")).to_be_visible()
    await page.get_by_role("button", name="2 Jan 11:00 – 12:00").click()
    await page.get_by_role("menuitemradio", name="From … to…").click()
    dialog = page.get_by_role("dialog", name="From when to when")
    await expect(dialog.get_by_label("From")).to_have_value("2026-01-02T11:00")
    await dialog.get_by_label("To", exact=True).fill("2026-01-02T11:00")
    await dialog.get_by_role("button", name="Show them").click()
    await expect(dialog.get_by_text("Choose an end that lies after the beginning.")).to_be_visible()
    await assert_accessible(page)
    await dialog.get_by_label("To", exact=True).fill("")
    await dialog.get_by_role("button", name="Show them").click()
    await expect(page).to_have_url(re.compile(r"since=2026-01-02T10%3A00%3A00.000Z$"))
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.get_by_role("radio", name="Dead 1")).to_be_visible()
    await page.get_by_role("button", name="since 2 Jan 11:00").click()
    await page.get_by_role("menuitemradio", name="From … to…").click()
    await dialog.get_by_role("radio", name="Ended then").click()
    await dialog.get_by_role("button", name="Show them").click()
    await expect(page.get_by_role("button", name="Ended since 2 Jan 11:00")).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="Replay many…").click()
    await expect(page.get_by_label("Period")).to_have_value("range")
    await expect(page.get_by_text("1 would be sent again")).to_be_visible()
    await eyes.open(page, "/deliveries?until=2026-01-02T10:00:00Z&by=end")
    await expect(page.get_by_text("Nothing is ended until 2 Jan 11:00.")).to_be_visible()
