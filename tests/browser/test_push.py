"""Devices: nothing is asked before a click, the browser is listed and removed, and a push is shown by the worker.

A browser without a push service of its own is all there is here: what it would subscribe to is made up, and the message
is handed to the real service worker by the debugging protocol.
"""

import json
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.eyes import Eyes, assert_accessible

STUB = """
window.asked = 0;
const json = { endpoint: 'https://push.invalid/1', keys: {
  p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  auth: 'BTBZMqHH6r4Tts7J_aSIgg' } };
let held = null;
Notification.requestPermission = async () => { window.asked += 1; return 'granted'; };
Object.defineProperty(Notification, 'permission', { get: () => 'default' });
PushManager.prototype.getSubscription = async () => held;
PushManager.prototype.subscribe = async (options) => {
  window.given = options.applicationServerKey.length;
  held = { endpoint: json.endpoint, toJSON: () => json, unsubscribe: async () => { held = null; return true; } };
  return held;
};
"""


async def test_a_browser_is_added_by_a_click_and_removed(eyes: Eyes, page: Page) -> None:
    """On load nobody is asked; after the click the browser has the server's key, and the server has the browser."""
    await page.add_init_script(STUB)
    await eyes.open(page, "/settings/devices")
    add = page.get_by_role("button", name="Push to this browser")
    await expect(add).to_be_visible()
    await expect(page.get_by_text("No device yet.")).to_be_visible()
    assert await page.evaluate("window.asked") == 0
    await assert_accessible(page)
    await add.click()
    await expect(page.get_by_text("this one")).to_be_visible()
    assert await page.evaluate("[window.asked, window.given]") == [1, 65]
    await expect(add).to_have_count(0)
    await assert_accessible(page)
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No device yet.")).to_be_visible()


async def test_pushes_of_a_project_are_switched_off(eyes: Eyes, page: Page) -> None:
    """The switch is kept."""
    await eyes.open(page, "/settings/devices")
    switch = page.get_by_role("switch", name="Push")
    await expect(switch).to_be_checked()
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await switch.click()
    await eyes.open(page, "/settings/devices")
    await expect(switch).not_to_be_checked()


async def test_the_worker_shows_a_push(eyes: Eyes, page: Page) -> None:
    """What the browser hands to the service worker becomes a notification that opens the event."""
    await page.context.grant_permissions(["notifications"])
    devtools = await page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    await devtools.send("ServiceWorker.enable")
    await eyes.open(page, "/settings/devices")
    await page.evaluate("navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready)")
    origin = await page.evaluate("location.origin")
    said = {"title": "Paid", "body": "12 €", "navigate": f"{origin}/events/1", "tag": "t"}
    delivered = {
        "origin": origin,
        "registrationId": found[-1]["registrationId"],
        "data": json.dumps({"web_push": 8030, "notification": said}),
    }
    await devtools.send("ServiceWorker.deliverPushMessage", delivered)
    shown = await page.wait_for_function(
        """async () => {
          const [one] = await (await navigator.serviceWorker.ready).getNotifications();
          return one && [one.title, one.body, one.tag, one.data.navigate];
        }"""
    )
    assert await shown.json_value() == ["Paid", "12 €", "t", f"{origin}/events/1"]
