"""Roles on the screens: what somebody may not do is not offered, and no page asks the server for what it refuses."""

import re
from functools import partial
from typing import Any

from playwright.async_api import Page, Response, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually
from tests.browser import loop
from tests.browser.eyes import Eyes, make_member

SCREENS = (
    "/", "/overview", "/triggers", "/deliveries?state=dead", "/scheduled", "/playground", "/settings",
    "/settings/projects", "/settings/keys", "/settings/members", "/settings/sessions", "/settings/devices",
    "/settings/server",
)  # fmt: skip
CHANGES = re.compile(
    r"^(New (key|trigger)|Create|Revoke|Invite|Withdraw|Remove|Rename|Delete|Save|Send event|Retry|Replay|Rotate|"
    r"Cancel(?!led)|Run|Trigger now|Disable|Enable|Switch o|Schedule(?!d)|Approve)",
    re.IGNORECASE,
)

THERE = {
    "/": ("Approve order",),
    "/triggers": ("New trigger",),
    "/deliveries?state=dead": ("Retry",),
    "/playground": ("Send event",),
    "/settings/keys": ("New key", "Revoke"),
    "/settings/members": ("Invite",),
}
"""What an owner finds on a screen, once all of it is there."""


async def fill_project(server: Server, sink: Sink) -> tuple[str, str]:
    """A trigger, a delivery that died, an event with a button, one for later; the ids of trigger and event."""
    sink.script = lambda _: Reply(500)
    trigger = await server.trigger(sink.url, name="Warehouse", match={"type": "order.held"}, retry={"attempts": 1})
    await server.send("order.held", card={"title": "Order 1 held"})
    action = {"key": "approve", "label": "Approve order", "url": sink.url}
    event = await server.send("order.new", card={"title": "Order 2 waits", "actions": [action]})
    await server.send("order.later", delay=3600, card={"title": "Order 3 later"})

    async def dead() -> bool:
        return bool(await server.items("/api/v1/deliveries?state=dead"))

    await eventually(dead, "the delivery dies")
    return str(trigger["id"]), event


async def offered(page: Page) -> list[str]:
    """The names of all that can be pressed now."""
    names: Any = await page.evaluate(
        """() => [...document.querySelectorAll('button, [role=menuitem], input[type=submit], select, a[href]')]
            .filter((one) => !one.matches(':disabled, [aria-disabled=true], [inert] *') && one.checkVisibility())
            .map((one) => (one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent).trim())"""
    )
    return [str(name) for name in names]


async def offers(page: Page, wanted: str) -> bool:
    """Whether what changes something and is called so can be pressed now."""
    return any(name.startswith(wanted) and CHANGES.match(name) for name in await offered(page))


@loop.fixture()
async def viewer(eyes: Eyes, server: Server, cookie: str) -> Page:
    """The window of somebody who may only look; what the server forbids them is trouble."""
    page = await eyes.window(await make_member(server, cookie, "viewer", "Leo Park", "leo@fjord.example"))
    page.on("response", lambda response: forbidden(eyes, response))
    return page


def forbidden(eyes: Eyes, response: Response) -> None:
    """A refusal is what the page should have known."""
    if response.status == 403:
        eyes.troubles.append(f"{response.request.method} {response.url} is refused")


async def test_a_viewer_is_offered_nothing_that_changes(
    eyes: Eyes, server: Server, sink: Sink, page: Page, viewer: Page
) -> None:
    """On each screen; an owner finds all of it there, so that the test would notice what it looks for."""
    trigger, event = await fill_project(server, sink)
    for path in (*SCREENS, f"/triggers/{trigger}", f"/events/{event}"):
        for window in (viewer, page):
            await eyes.open(window, path)
            await expect(window.get_by_role("status", name="Loading")).to_have_count(0)
            await window.locator("main").wait_for()
            if path.startswith("/deliveries"):
                await window.locator("tbody tr button").first.click()
                await expect(window.get_by_role("tab", name="Request")).to_be_visible()
        for wanted in THERE.get(path, ()):
            await eventually(partial(offers, page, wanted), f"an owner finds {wanted} at {path}")
        assert not [name for name in await offered(viewer) if CHANGES.match(name)], path
    await eyes.open(viewer, "/settings/keys?new=1")
    await expect(viewer.get_by_role("dialog")).to_have_count(0)
    await eyes.open(viewer, "/settings/members?invite=1")
    await expect(viewer.get_by_role("dialog")).to_have_count(0)


async def test_a_role_that_changes_is_seen_at_once(eyes: Eyes, server: Server, page: Page, cookie: str) -> None:
    """Whoever was made less is told by the first refusal, and the page offers no more than they have."""
    leo = await eyes.window(await make_member(server, cookie, "admin", "Leo Park", "leo@fjord.example"))
    async with leo.expect_response("**/api/v1/invitations"):  # else its refusal would tell him first
        await eyes.open(leo, "/settings/members?invite=1")
    await leo.get_by_label("E-mail").fill("eve@fjord.example")
    await eyes.open(page, "/settings/members")
    await page.get_by_label("Role of Leo Park").select_option("viewer")
    await expect(page.get_by_text("Leo Park is now viewer")).to_be_visible()
    await leo.get_by_role("button", name="Make invitation link").click()
    await expect(leo.get_by_role("dialog")).to_have_count(0)
    await expect(leo.get_by_role("button", name="Invite…")).to_have_count(0)
