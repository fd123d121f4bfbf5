"""Triggers, deliveries and what is scheduled: by keys alone, by a viewer, without a server, after the session's end."""

from functools import partial

import pytest
from playwright.async_api import Page, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually
from tests.browser import loop
from tests.browser.eyes import PASSWORD, Eyes, assert_accessible, end_session, end_then_go_on, make_member
from tests.browser.test_deliveries import dead

SESSION = "Your session ended"


@loop.fixture()
async def viewer(eyes: Eyes, server: Server, cookie: str) -> Page:
    """A window of somebody who may only look, as the server sees it."""
    return await eyes.window(await make_member(server, cookie, "viewer", "Vera Lund", "vera@fjord.example"))


async def press(page: Page, *keys: str) -> None:
    """Keys, one after the other."""
    for key in keys:
        await page.keyboard.press(key)


async def test_by_keys_alone(eyes: Eyes, page: Page, sink: Sink) -> None:
    """From the list to the form, a change saved, run now, and the delivery opened and retried: no pointer at all."""
    await dead(eyes, sink, 2)
    sink.script = lambda _: Reply(200)
    await eyes.open(page, "/scheduled")

    async def led() -> bool:
        await press(page, "g", "t")  # together, which a machine that is slow may miss
        return bool(await page.evaluate("() => location.pathname === '/triggers'"))

    await eventually(led, "two keys lead to the triggers")
    await expect(page.get_by_role("link", name="Warehouse hold")).to_be_visible()
    await press(page, "j", "Enter")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Warehouse hold")
    await page.get_by_label("Name", exact=True).focus()
    await press(page, "End")
    await page.keyboard.type(" two")
    await press(page, "Control+s")
    await expect(page.get_by_role("heading", name="Warehouse hold two")).to_be_visible()
    await expect(page.get_by_text("valid", exact=True)).to_be_visible()  # what is there to begin with has come
    await page.get_by_role("radio", name="This trigger").focus()
    await press(page, "ArrowRight", "ArrowLeft", "Tab", "Tab")
    await expect(page.locator(".cm-content")).to_be_focused()
    await press(page, "Control+a")
    await page.keyboard.type("[7]")
    await press(page, "Control+Enter")
    await expect(page.get_by_text("200 OK")).to_be_visible()
    await page.get_by_role("link", name="Open delivery").focus()
    await press(page, "Enter")
    await expect(page.get_by_role("tab", name="Response")).to_be_visible()
    await page.get_by_role("button", name="Remove the filter event").focus()
    await press(page, "Enter")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await page.locator("h1").click()
    await press(page, "j", "j", "k", "j", "Enter")
    await expect(page.get_by_role("button", name="Delivery of Order 1 held")).to_have_attribute("aria-expanded", "true")
    await page.get_by_role("button", name="Retry now").focus()
    await press(page, "Enter")
    await expect(page.get_by_text("It is tried again now")).to_be_visible()
    await sink.wait_for(4)
    await press(page, "?")
    await expect(page.get_by_role("dialog")).to_contain_text("Next delivery")


async def test_a_viewer_finds_nothing_to_change(eyes: Eyes, viewer: Page, sink: Sink) -> None:
    """Everything is read; what changes something is not there, and what is asked for all the same is refused."""
    await dead(eyes, sink, 1)
    await eyes.server.send("order.held", delay=7200)
    (made,) = await eyes.server.items("/api/v1/triggers")
    await eyes.open(viewer, "/triggers")
    await expect(viewer.get_by_role("link", name="Warehouse hold")).to_be_visible()
    await assert_accessible(viewer)
    await eyes.open(viewer, f"/triggers/{made['id']}")
    await expect(viewer.get_by_text("Admins and owners may change triggers.")).to_be_visible()
    await expect(viewer.get_by_label("Address")).to_be_disabled()
    await expect(viewer.get_by_role("button", name="Trigger now")).to_have_count(0)
    await assert_accessible(viewer)
    await eyes.open(viewer, "/triggers/new")
    await expect(viewer.get_by_role("button", name="Create trigger")).to_have_count(0)
    await eyes.open(viewer, "/deliveries?state=dead")
    await viewer.get_by_role("button", name="Delivery of Order 0 held").click()
    await expect(viewer.get_by_text('"maintenance"')).to_be_visible()
    await assert_accessible(viewer)
    await eyes.open(viewer, "/scheduled")
    await expect(viewer.get_by_role("button", name="order.held order.held")).to_be_visible()
    await assert_accessible(viewer)
    for name in ("Retry now", "Replay many…", "Cancel", "Schedule an event"):
        await expect(viewer.get_by_role("button", name=name)).to_have_count(0)
    status = await viewer.evaluate(
        """(path) => fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'})
            .then((answer) => answer.status)""",
        f"/api/v1/triggers/{made['id']}/test",
    )
    assert status == 403


async def test_without_a_server_rows_stay_and_nothing_can_be_done(eyes: Eyes, page: Page, sink: Sink) -> None:
    """Since when is said, what would fail is locked, what is typed stays; it all goes on when the server is back."""
    await dead(eyes, sink, 1)
    (made,) = await eyes.server.items("/api/v1/triggers")
    form = await page.context.new_page()
    await eyes.open(form, f"/triggers/{made['id']}")
    await form.get_by_label("Name", exact=True).fill("Renamed")
    await eyes.open(page, "/deliveries")
    await page.get_by_role("button", name="Delivery of Order 0 held").click()
    await expect(page.get_by_role("button", name="Retry now")).to_be_enabled()
    eyes.server.kill()
    await expect(page.get_by_text("Offline since")).to_be_visible()
    await expect(page.get_by_role("button", name="Retry now")).to_be_disabled()
    await expect(page.get_by_text("503, gave up")).to_be_visible()
    await assert_accessible(page)
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("Not saved: The server does not answer.")
    await expect(form.get_by_role("alert")).to_contain_text("Your text is still here.")
    await expect(form.get_by_label("Name", exact=True)).to_have_value("Renamed")
    await assert_accessible(form)
    await eyes.server.start()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Retry now")).to_be_enabled()
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("heading", name="Renamed")).to_be_visible()


@pytest.mark.parametrize("path", ["/triggers/new", "/deliveries", "/scheduled"])
async def test_a_session_that_ended_is_taken_up_where_one_was(eyes: Eyes, cookie: str, sink: Sink, path: str) -> None:
    """A dialog over the page; after the password the screen goes on, with what was typed."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await dead(eyes, sink, 1)
    await eyes.open(page, path)
    if path == "/triggers/new":
        await page.get_by_label("Name", exact=True).fill("Half written")
        await page.get_by_label("Address").fill(sink.url)
        await page.get_by_label("Event type").fill("order.held")
        await page.route("**/api/v1/triggers", partial(end_then_go_on, eyes.server.url), times=1)
        await page.get_by_role("button", name="Create trigger").click()
    else:
        await end_session(page, eyes.server.url)
    dialog = page.get_by_role("dialog", name=SESSION)
    await expect(dialog).to_be_visible()
    await assert_accessible(page)
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()
    await expect(dialog).to_have_count(0)
    if path == "/triggers/new":
        await expect(page.get_by_label("Name", exact=True)).to_have_value("Half written")
        await page.get_by_role("button", name="Create trigger").click()
        await page.get_by_role("dialog").get_by_role("button", name="I have kept it").click()
        await expect(page.get_by_role("heading", name="Half written")).to_be_visible()
    elif path == "/deliveries":
        await expect(page.get_by_text("503, gave up")).to_be_visible()
        await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    else:
        await expect(page.get_by_text("Nothing is scheduled")).to_be_visible()
