"""Triggers: made with a secret shown once, tried as one types, run now and later, switched and deleted; axe on each."""

import asyncio
import json
import re

from playwright.async_api import Page, Route, expect

from ensue.testing import Reply, Sink
from tests.browser.eyes import PHONE, Eyes, assert_accessible
from tests.browser.test_overview import fits


async def send(eyes: Eyes, **fields: object) -> None:
    """An event of the type that these tests are about."""
    await eyes.server.send("order.held", **fields)


async def test_a_trigger_is_made_and_its_secret_shown_once(eyes: Eyes, page: Page, sink: Sink) -> None:
    """What is wrong is said at its field; the filter is tried against what happened; the secret comes once."""
    await send(eyes, data={"total": 900})
    await send(eyes, data={"total": 100})
    await eyes.open(page, "/triggers")
    await expect(page.get_by_text("No triggers", exact=True)).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("link", name="New trigger").first.click()
    await page.get_by_label("Name", exact=True).fill("Warehouse hold")
    await page.get_by_label("Address").fill("htps://wms.example")
    await page.get_by_role("button", name="Create trigger").click()
    await expect(page.get_by_text("Begin with https:// or http://")).to_be_visible()
    await page.get_by_label("Address").fill(sink.url)
    await page.get_by_label("Event type").fill("order.held")
    await page.get_by_label("Only if").fill("event.data.total > 500 && event.data.total < 9000")
    await expect(page.get_by_text("1 of the last 2 match")).to_be_visible()
    await expect(page.get_by_text("does not hold; total is 100.")).to_be_visible()
    await page.get_by_label("Attempts").fill("3")
    await expect(page.get_by_text("Gives up after 5 min.")).to_be_visible()
    await assert_accessible(page)

    await page.reload()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Warehouse hold")
    await page.get_by_role("button", name="Create trigger").click()
    dialog = page.get_by_role("dialog", name="Keep this secret now")
    secret = await dialog.locator("code").inner_text()
    assert secret.startswith("whsec_")
    await assert_accessible(page)
    await dialog.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_role("heading", name="Warehouse hold", exact=True)).to_be_visible()
    assert secret not in await page.content()
    (made,) = await eyes.server.items("/api/v1/triggers")
    assert (made["retry"]["attempts"], made["match"]["filter"][:5]) == (3, "event")
    await assert_accessible(page)


async def test_a_change_survives_a_refusal_and_keeps_secret_headers(eyes: Eyes, page: Page, sink: Sink) -> None:
    """A filter that does not compile is refused in words, and nothing typed is lost; masked headers stay."""
    made = await eyes.server.trigger(sink.url, endpoint={"url": sink.url, "secret_headers": {"X-Token": "hidden"}})
    await eyes.open(page, f"/triggers/{made['id']}")
    await page.get_by_label("Only if").fill("event.data.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await expect(page.get_by_text("Unsaved", exact=True)).to_be_visible()
    await page.get_by_label("Only if").fill("event.data.total > 1")
    await page.get_by_label("Name", exact=True).fill("Renamed")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Renamed")).to_be_visible()
    await expect(page.get_by_text("Unsaved", exact=True)).to_have_count(0)
    await send(eyes, data={"total": 2})
    (request,) = await sink.wait_for(1)
    assert request.headers["x-token"] == "hidden"


class Held:
    """Requests that wait on their way until they are let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        """Hold one."""
        await self.go.wait()
        await route.continue_()


async def test_what_is_asked_twice_is_done_once_and_nothing_typed_meanwhile_is_lost(
    eyes: Eyes, cookie: str, sink: Sink
) -> None:
    """While an answer is on its way Control+S asks for no second trigger, and who types on keeps what they typed."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await eyes.open(page, "/triggers/new")
    for label, text in (("Name", "Once"), ("Address", sink.url), ("Event type", "order.held")):
        await page.get_by_label(label, exact=True).fill(text)
    made = Held()
    await page.route("**/api/v1/triggers", made)
    await page.keyboard.press("Control+s")
    await page.keyboard.press("Control+s")
    made.go.set()
    await page.get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_role("heading", name="Once", exact=True)).to_be_visible()
    (trigger,) = await eyes.server.items("/api/v1/triggers")

    changed = Held()
    await page.route(f"**/api/v1/triggers/{trigger['id']}", changed)
    await page.get_by_label("Name", exact=True).fill("Changed")
    await page.keyboard.press("Control+s")
    await page.get_by_label("Name", exact=True).fill("Typed on")
    changed.go.set()
    await expect(page.get_by_role("heading", name="Changed", exact=True)).to_be_visible()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Typed on")
    await page.unroute_all()
    await page.reload()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Typed on")


async def test_who_types_data_goes_on_when_the_editor_comes(eyes: Eyes, cookie: str, sink: Sink) -> None:
    """The focus goes from the plain field into the editor, with what was selected."""
    page = await eyes.window(cookie, worker=False)  # which would bring the editor by another way
    made = await eyes.server.trigger(sink.url, name="Hold", match={"type": "order.held"})
    editor = Held()
    await page.route("**/assets/editor-*.js", editor)
    await eyes.open(page, f"/triggers/{made['id']}")
    plain = page.get_by_role("textbox", name="Data", exact=True)
    await expect(plain).not_to_have_value("")
    await plain.focus()
    await page.keyboard.press("Control+a")
    editor.go.set()
    await expect(page.locator(".cm-content")).to_be_focused()
    await page.keyboard.type("[7]")
    await expect(page.locator(".cm-content")).to_have_text("[7]")


async def test_it_runs_now_to_itself_and_to_all_and_later(eyes: Eyes, page: Page, sink: Sink) -> None:
    """The answer is shown; data that is no JSON is refused; a schedule waits among the scheduled, and is cancelled."""
    sink.script = lambda _: Reply(200, json.dumps({"held": True}).encode(), {"content-type": "application/json"})
    made = await eyes.server.trigger(sink.url, name="Hold", match={"type": "order.held"})
    await eyes.open(page, f"/triggers/{made['id']}")
    await expect(page.get_by_text("valid", exact=True)).to_be_visible()  # what is there to begin with has come
    editor = page.get_by_role("textbox", name="Data as JSON").or_(page.locator(".cm-content"))
    await editor.first.click()
    await page.keyboard.press("Control+a")
    await page.keyboard.type('{"order": 1,')
    await page.get_by_role("button", name="Trigger now").click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await page.keyboard.press("Tab")
    await editor.first.click()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("[4821]")
    await expect(page.get_by_text("valid", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Trigger now").click()
    await expect(page.get_by_text("200 OK")).to_be_visible()
    await expect(page.get_by_text('"held"')).to_be_visible()
    await assert_accessible(page)

    await page.get_by_role("radio", name="In…").click()
    await page.get_by_label("In", exact=True).fill("soon")
    await page.get_by_role("button", name="Schedule").click()
    await expect(page.get_by_text("Write a length such as 30 s, 10 min, 2 h.")).to_be_visible()
    await page.get_by_label("In", exact=True).fill("3 h")
    await page.get_by_role("button", name="Schedule").click()
    await expect(page.get_by_text("Scheduled for")).to_be_visible()
    (waits,) = await eyes.server.items("/api/v1/deliveries?state=pending")
    assert (waits["trigger"], waits["tries"]) == (made["id"], 0)
    await expect(page.get_by_role("link", name="Open delivery")).to_have_attribute("href", re.compile(waits["id"]))
    await page.get_by_role("radio", name="Now").click()
    await page.get_by_role("radio", name="All that match").click()
    await page.get_by_role("button", name="Trigger again").click()
    await sink.wait_for(2)
    await expect(page.get_by_role("link", name="Open delivery")).to_be_visible()
    await page.get_by_role("radio", name="In…").click()
    await page.get_by_label("In", exact=True).fill("2 h")
    await page.get_by_role("button", name="Schedule").click()
    await expect(page.get_by_text("Scheduled for")).to_be_visible()
    await page.get_by_role("link", name="Show scheduled").click()
    await expect(page.get_by_text("in 1 h 59 min").or_(page.get_by_text("in 2 h"))).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Cancel order.held").click()
    await page.get_by_role("button", name="Cancel event").click()
    await expect(page.get_by_text("Nothing is scheduled")).to_be_visible()
    assert await eyes.server.items("/api/v1/events?state=scheduled") == []


async def test_the_list_tells_health_and_switches_and_deletes(eyes: Eyes, page: Page, sink: Sink) -> None:
    """What fails stands first, with why; off, undo; found by a word; deleted by its name, on a phone all fits."""
    sink.script = lambda _: Reply(503)
    await eyes.server.trigger(sink.url, name="Zebra", match={"type": "order.held"})
    await eyes.server.trigger(sink.url, name="Antelope", match={"type": "cron.nightly"})
    await send(eyes)
    await sink.wait_for(1)
    await eyes.open(page, "/triggers")
    await expect(page.get_by_text("503 since")).not_to_have_count(0)
    await expect(page.locator("tbody tr").first).to_contain_text("Zebra")
    await assert_accessible(page)
    await page.get_by_role("switch", name="Antelope is on").click()
    await expect(page.get_by_text("Antelope is off; events wait")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("switch", name="Antelope is on")).to_be_checked()
    await page.keyboard.press("/")
    await page.keyboard.type("cron")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="More for Antelope").click()
    await page.get_by_role("menuitem", name="Delete…").click()
    await page.get_by_label("Write Antelope to confirm").fill("Zebra")
    await page.get_by_role("button", name="Delete trigger").click()
    await expect(page.get_by_text("Write exactly Antelope.")).to_be_visible()
    await page.get_by_label("Write Antelope to confirm").fill("Antelope")
    await page.get_by_role("button", name="Delete trigger").click()
    await expect(page.get_by_text("No triggers match")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    for width in (PHONE[0], 360):
        await fits(page, width)
    await assert_accessible(page)
