"""Devices: nothing is asked before a click, the browser is listed and removed, and a push is shown by the worker.

A browser without a push service of its own is all there is here: what it would subscribe to is made up, and the message
is handed to the real service worker by the debugging protocol.
"""

import base64
import json
from typing import Any

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import Locator, Page, expect

from ensue.testing import Reply, Sink
from tests.acceptance.server import Server, eventually
from tests.browser.eyes import PHONE, Eyes, assert_accessible

# The key pair of a browser (RFC 8291, appendix A).
PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
STUB = """
window.asked = 0;
const json = { endpoint: 'https://push.invalid/1', keys: @keys@ };
let held = null;
Notification.requestPermission = async () => { window.asked += 1; return 'granted'; };
Object.defineProperty(Notification, 'permission', { get: () => 'default' });
PushManager.prototype.getSubscription = async () => held;
PushManager.prototype.subscribe = async (options) => {
  window.given = options.applicationServerKey.length;
  held = { endpoint: json.endpoint, toJSON: () => json, unsubscribe: async () => { held = null; return true; } };
  return held;
};
""".replace("@keys@", json.dumps(KEYS))


def opened(body: bytes) -> str:
    """What a push says to that browser, read by an implementation that is not ours."""
    number = int.from_bytes(base64.urlsafe_b64decode(PRIVATE + "="), "big")
    private, secret = ec.derive_private_key(number, ec.SECP256R1()), base64.urlsafe_b64decode(KEYS["auth"] + "==")
    plain: bytes = http_ece.decrypt(body, private_key=private, auth_secret=secret, version="aes128gcm")
    return plain.decode()


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


async def test_pushes_of_a_project_are_switched_off(eyes: Eyes, page: Page, server: Server) -> None:
    """A category, then all: each switch is kept."""
    await server.send("order.paid", card={"title": "Paid", "category": "Orders"})
    await eyes.open(page, "/settings/devices")
    category = page.get_by_role("switch", name="Orders")
    await eventually(lambda: reloaded_with(eyes, page, category), "the category is counted")
    await expect(category).to_be_checked()
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await category.click()
    await eyes.open(page, "/settings/devices")
    await expect(category).not_to_be_checked()
    switch = page.get_by_role("switch", name="Push", exact=True)
    await expect(switch).to_be_checked()
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await switch.click()
    await eyes.open(page, "/settings/devices")
    await expect(switch).not_to_be_checked()


async def reloaded_with(eyes: Eyes, page: Page, part: Locator) -> bool:
    """Whether a part is on the devices' page, loaded anew."""
    await eyes.open(page, "/settings/devices")
    await expect(page.get_by_role("switch").first).to_be_visible()
    return await part.count() > 0


async def controlled(page: Page) -> None:
    """Wait until the worker controls the page."""
    await page.evaluate(
        """() => navigator.serviceWorker.controller ? null : new Promise((done) => {
          navigator.serviceWorker.addEventListener('controllerchange', () => done(null), { once: true });
        })"""
    )


async def worker_of(page: Page) -> dict[str, Any]:
    """The page's worker as the debugging protocol names it, once it controls the page."""
    devtools = await page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    await devtools.send("ServiceWorker.enable")
    await controlled(page)
    await eventually(lambda: found, "the browser tells of the worker")
    return {"devtools": devtools, "id": found[-1]["registrationId"]}


async def deliver(page: Page, data: str) -> None:
    """Hand a push to the page's worker, as the browser does for its push service, and wait until it is shown:
    two at once race within the browser, and who asks for what is shown meanwhile races with it too."""
    worker = await worker_of(page)
    await in_worker(page, SHOWING)
    delivered = {"origin": await page.evaluate("location.origin"), "registrationId": worker["id"], "data": data}
    await worker["devtools"].send("ServiceWorker.deliverPushMessage", delivered)
    await in_worker(page, "() => self.showing")


SHOWING = """() => {
  const registration = self.registration;
  self.showing = new Promise((resolve) => {
    registration.showNotification = async (...given) => {
      delete registration.showNotification;
      await registration.showNotification(...given);
      resolve(null);
    };
  });
  return null;
}"""
"""Has the worker tell when what it shows next is shown."""


async def notifications(page: Page) -> list[dict[str, Any]]:
    """What is shown."""
    found: list[dict[str, Any]] = await in_worker(
        page,
        """async () => (await self.registration.getNotifications()).map(
          ({ title, body, tag, data, actions }) => (
            { title, body, tag, data, actions: actions.map(({ action, title }) => ({ action, title })) }
          )
        )""",
    )
    return found


async def in_worker(page: Page, script: str, argument: Any = None) -> Any:
    """What a script in the page's worker gives."""
    await controlled(page)
    (worker,) = await eventually(lambda: page.context.service_workers, "the driver sees the worker")
    return await worker.evaluate(script, argument)


CLICK = """async (action) => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification, action }));
}"""


async def test_an_event_becomes_a_notification_that_opens_it(
    eyes: Eyes, page: Page, server: Server, sink: Sink
) -> None:
    """From the click that subscribes to the one that opens the event: the body that the server sent is decrypted apart,
    handed to the worker by the debugging protocol, and shown."""
    sink.script = lambda _received: Reply(status=201)
    await page.context.grant_permissions(["notifications"])
    await page.add_init_script(STUB.replace("https://push.invalid/1", sink.url).replace("'default'", "'granted'"))
    await eyes.open(page, "/settings/devices")
    await page.get_by_role("button", name="Push to this browser").click()
    await expect(page.get_by_text("this one")).to_be_visible()
    await page.get_by_role("button", name="Test").click()
    await expect(page.get_by_text("201 from 127.0.0.1")).to_be_visible()
    await server.send("order.paid", card={"title": "A test", "notify": True, "test": True})
    await server.send("order.paid", card={"title": "Quiet"})
    button = {"key": "ship", "label": "Ship it", "url": sink.url}
    card = {"title": "Order 17 is paid", "notify": True, "actions": [button], "category": "Orders"}
    event = await server.send("order.paid", context={"id": "order-17"}, card=card)
    tested, pushed = await sink.wait_for(2)
    assert json.loads(opened(tested.body))["notification"]["body"] == "Pushes of Ensue arrive on this device."
    said = opened(pushed.body)
    assert json.loads(said)["event"] == event
    await deliver(page, said)
    (shown,) = await notifications(page)
    assert (shown["title"], shown["body"]) == ("Order 17 is paid", "Orders")
    assert shown["actions"] == [{"action": "0", "title": "Ship it"}]
    assert shown["tag"] == json.loads(said)["notification"]["tag"] == pushed.headers["topic"]
    await in_worker(page, CLICK, "")
    await expect(page.locator("h1", has_text="Order 17 is paid")).to_be_visible()
    assert page.url.startswith(f"{server.url}/events/{event}")
    await deliver(page, said)
    await in_worker(page, CLICK, "0")
    await page.wait_for_url(f"{server.url}/events/{event}/actions/ship?project=default")
    await expect(page.get_by_role("button", name="Ship it")).to_be_visible()
    (delivery,) = await server.items(f"/api/v1/deliveries?event={event}")
    assert (delivery["kind"], delivery["state"]) == ("webpush", "delivered")


async def test_pushes_of_a_story_replace_each_other(eyes: Eyes, page: Page) -> None:
    """One notification for a context, the latest; another stands beside it."""
    await page.context.grant_permissions(["notifications"])
    await eyes.open(page, "/settings/devices")
    for title, tag in (("Paid", "a"), ("Sent", "a"), ("Lost", "b")):
        said = {"title": title, "body": "", "navigate": "/events/1", "tag": tag}
        await deliver(page, json.dumps({"web_push": 8030, "notification": said}))
    assert sorted(one["title"] for one in await notifications(page)) == ["Lost", "Sent"]


async def test_of_many_pushes_at_once_none_is_lost(eyes: Eyes, page: Page) -> None:
    """Each is shown, and stands: what counts them for the icon meanwhile takes none away."""
    await page.context.grant_permissions(["notifications"])
    await eyes.open(page, "/settings/devices")
    sent = [f"Order {number} paid" for number in range(40)]
    await in_worker(
        page,
        """(sent) => new Promise((resolve) => {
          const registration = self.registration;
          const show = registration.showNotification.bind(registration);
          let shown = 0;
          registration.showNotification = async (...given) => {
            await show(...given);
            shown += 1;
            if (shown === sent.length) resolve(null);
          };
          for (const title of sent) {
            const notification = { title, body: '', navigate: '/', tag: title };
            self.dispatchEvent(new PushEvent('push', { data: JSON.stringify({ web_push: 8030, notification }) }));
          }
        })""",
        sent,
    )
    assert sorted(one["title"] for one in await notifications(page)) == sorted(sent)


async def test_a_subscription_that_the_browser_replaced(eyes: Eyes, page: Page, server: Server, cookie: str) -> None:
    """The server learns the new one in place of the old: the device stays, with its name."""
    await page.add_init_script(STUB)
    await eyes.open(page, "/settings/devices")
    await page.get_by_role("button", name="Push to this browser").click()
    await expect(page.get_by_text("Chrome on Linux")).to_be_visible()
    status = await in_worker(
        page,
        """async (keys) => {
          const endpoint = 'https://push.invalid/2';
          const made = { endpoint, toJSON: () => ({ endpoint, keys }) };
          const changed = new ExtendableEvent('pushsubscriptionchange');
          Object.assign(changed, { oldSubscription: { endpoint: 'https://push.invalid/1' }, newSubscription: made });
          const before = self.fetch;
          const answered = new Promise((resolve) => {
            self.fetch = async (...given) => {
              const answer = await before(...given);
              resolve(answer.status);
              return answer;
            };
          });
          self.dispatchEvent(changed);
          const status = await answered;
          self.fetch = before;
          return status;
        }""",
        KEYS,
    )
    assert status == 200
    await eyes.open(page, "/settings/devices")
    await expect(page.get_by_text("Chrome on Linux")).to_have_count(1)
    listed = await page.evaluate("fetch('/api/v1/devices').then((answer) => answer.json())")
    assert [one["endpoint"] for one in listed["items"]] == ["https://push.invalid/2"]


async def test_it_can_be_installed(eyes: Eyes, page: Page) -> None:
    """Nothing keeps it from being an app; the browser's offer is taken by a click, later, in the settings."""
    devtools = await page.context.new_cdp_session(page)
    await eyes.open(page, "/")
    manifest = await devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    errors = (await devtools.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    # A window of a test is a private one, which installs nothing whatever the page says.
    assert [one["errorId"] for one in errors if one["errorId"] != "in-incognito"] == []
    said = json.loads(manifest["data"])
    masks = [one for one in said["icons"] if one.get("purpose") == "maskable"]
    assert {one["sizes"] for one in masks} == {"192x192", "512x512"}
    for icon in said["icons"]:
        size = await page.evaluate(
            """async (path) => {
              const image = await createImageBitmap(await (await fetch(path)).blob()).catch(() => null);
              return image && `${image.width}x${image.height}`;
            }""",
            icon["src"],
        )
        assert size == (None if icon["sizes"] == "any" else icon["sizes"])
    await page.evaluate(
        """() => {
          const offer = new Event('beforeinstallprompt', { cancelable: true });
          offer.prompt = async () => { window.prompted = (window.prompted ?? 0) + 1; return { outcome: 'accepted' }; };
          window.shown = dispatchEvent(offer);
        }"""
    )
    assert await page.evaluate("[window.shown, window.prompted]") == [False, None]
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Devices").click()
    await page.get_by_role("button", name="Install Ensue").click()
    assert await page.evaluate("window.prompted") == 1
    await expect(page.get_by_role("button", name="Install Ensue")).to_have_count(0)
    await page.evaluate("dispatchEvent(new Event('appinstalled'))")
    await expect(page.get_by_text("installed", exact=True)).to_be_visible()


async def test_an_iphone_is_told_how(eyes: Eyes, cookie: str) -> None:
    """Where no browser offers it, the way is written down."""
    page = await eyes.window(cookie, size=PHONE)
    agent = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
    )
    await page.add_init_script(f"Object.defineProperty(navigator, 'userAgent', {{ get: () => {agent!r} }})")
    await eyes.open(page, "/settings/devices")
    await expect(page.get_by_text("Share → Add to Home Screen")).to_be_visible()
    await assert_accessible(page)
