"""Without a server: the last events are there and say since when, no button acts, and what was kept goes at logout.

Each test first waits until the worker has the build and the browser has the events: from then on a phone may lose both.
"""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.server import Server, eventually
from tests.browser.eyes import PASSWORD, Eyes, assert_accessible
from tests.browser.test_push import controlled

KEPT = """() => new Promise((resolve) => {
  const opening = indexedDB.open('ensue', 1);
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => resolve({});
  opening.onsuccess = () => {
    const kept = opening.result.transaction('kept').objectStore('kept');
    const [keys, values] = [kept.getAllKeys(), kept.getAll()];
    values.onsuccess = () => {
      opening.result.close();
      resolve(Object.fromEntries(keys.result.map((key, at) => [key, values.result[at]])));
    };
  };
})"""
CACHED = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    found[name] = (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
  }
  return found;
}"""
CARD = {"title": "Order 17 is paid", "actions": [{"key": "ship", "label": "Ship it", "url": "http://127.0.0.1:9/ship"}]}


async def kept_events(page: Page) -> list[str]:
    """The titles of the events that this browser keeps."""
    found: dict[str, Any] = await page.evaluate(KEPT)
    lists = [one for key, one in found.items() if key.startswith("project:")]
    return [event["card"]["title"] for one in lists for event in one["events"] if event.get("card")]


async def ready(eyes: Eyes, page: Page, *titles: str) -> None:
    """The feed is open, live, and kept with the page that shows it."""
    await eyes.open(page, "/")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()

    async def done() -> bool:
        return set(titles) <= set(await kept_events(page)) and bool(await page.evaluate(CACHED))

    await eventually(done, "the feed is kept")
    await controlled(page)


async def test_a_reload_without_a_network(eyes: Eyes, page: Page, server: Server) -> None:
    """The last events with the moment of the last contact; no button acts; back online it is live, with what came."""
    event = await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    await page.context.set_offline(True)
    await expect(page.get_by_text("Offline since")).to_be_visible()
    await expect(page.get_by_text("not while offline")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Order 17 is paid")).to_be_visible()
    await expect(page.locator("header").get_by_text("Offline since")).to_be_visible()
    await expect(page.get_by_text("1 event kept on this device")).to_be_visible()
    await expect(page.get_by_role("button", name="Ship it")).to_have_count(0)
    await assert_accessible(page)
    await page.goto(f"{server.url}/events/{event}")
    await expect(page.locator("h1", has_text="Order 17 is paid")).to_be_visible()
    await expect(page.locator("header").get_by_text("Offline since")).to_be_visible()
    await page.go_back()
    await server.send("order.late", card={"title": "Came meanwhile"})
    await page.context.set_offline(False)
    await expect(page.get_by_text("Came meanwhile")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Ship it")).to_be_visible()


async def test_a_reload_without_a_server(eyes: Eyes, page: Page, server: Server) -> None:
    """The network is there, but nobody answers: it is the same, search included, until it starts again."""
    await server.send("order.paid", card=CARD)
    await server.send("order.lost", card={"title": "Order 18 is lost"})
    await ready(eyes, page, "Order 17 is paid", "Order 18 is lost")
    server.kill()
    await page.goto(f"{server.url}/?q=lost")
    await expect(page.get_by_text("Order 18 is lost")).to_be_visible()
    await expect(page.get_by_text("Order 17 is paid")).to_have_count(0)
    await expect(page.locator("header").get_by_text("Offline since")).to_be_visible()
    await page.goto(f"{server.url}/overview")
    await expect(page.get_by_text("The server does not answer").first).to_be_visible()
    await page.goto(server.url)
    await expect(page.get_by_text("Order 17 is paid")).to_be_visible()
    await server.start()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Ship it")).to_be_visible()


async def test_nothing_is_kept_of_what_is_not_the_feed(eyes: Eyes, page: Page, server: Server) -> None:
    """The worker has files of the build, under its name alone; the browser has events and who reads them, in bounds."""
    drafts = [{"type": "noise.made", "card": {"title": f"Noise {number}"}} for number in range(130)]
    assert (await server.call("POST", "/api/v1/events/batch", {"events": drafts})).status == 207
    await ready(eyes, page, "Noise 129")
    for path in ("/settings/keys", "/settings/members", "/deliveries", "/triggers"):
        await eyes.open(page, path)
    caches = await page.evaluate(CACHED)
    (ours,) = caches
    assert "/" in caches[ours]
    assert [path for path in caches[ours] if path.startswith(("/api", "/docs", "/readyz"))] == []
    found = await page.evaluate(KEPT)
    assert {key.partition(":")[0] for key in found} == {"session", "project"}
    assert all(len(one["events"]) <= 100 for key, one in found.items() if key != "session")


async def test_logging_out_leaves_nothing(eyes: Eyes, page: Page, server: Server) -> None:
    """Neither events nor who read them: a reload without a network has nothing to show."""
    await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    await page.get_by_role("button", name="Maya Chen").first.click()
    await page.get_by_role("menuitem", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert await page.evaluate(KEPT) == {}
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_text("The server does not answer").first).to_be_visible()
    await expect(page.get_by_text("Order 17 is paid")).to_have_count(0)


async def test_logging_out_without_a_server(eyes: Eyes, page: Page, server: Server) -> None:
    """What was kept goes at once, and the session ends when the server answers again."""
    await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    await page.context.set_offline(True)
    await expect(page.get_by_text("Offline since")).to_be_visible()
    await page.get_by_role("button", name="Maya Chen").first.click()
    await page.get_by_role("menuitem", name="Log out").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert await page.evaluate(KEPT) == {}
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        await page.context.set_offline(False)
    assert (await ended.value).status == 204
    await page.goto(server.url)
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_session_that_was_ended_elsewhere(eyes: Eyes, page: Page, server: Server, cookie: str) -> None:
    """With the next contact nothing is kept any more."""
    await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    await page.context.set_offline(True)
    await page.reload()
    await expect(page.get_by_text("Order 17 is paid")).to_be_visible()
    mine = {"cookie": f"ensue_session={cookie}", "sec_fetch_site": "same-origin", "authorization": ""}
    assert (await server.call("DELETE", "/api/v1/session", **mine)).status == 204
    await page.context.set_offline(False)
    await expect(page.get_by_role("dialog")).to_be_visible()

    async def gone() -> bool:
        return bool(await page.evaluate(KEPT) == {})

    await eventually(gone, "nothing is kept")


async def test_what_older_builds_kept_goes(eyes: Eyes, server: Server, cookie: str) -> None:
    """A worker that takes over drops what the one before had, and nothing of others on the same address."""
    page = await eyes.window()
    await eyes.open(page, "/login")
    await page.evaluate("Promise.all(['ensue-shell-older', 'of-others'].map((name) => caches.open(name)))")
    assert await page.evaluate("navigator.serviceWorker.getRegistration().then((one) => one === undefined)")
    await server.send("order.paid", card=CARD)
    await page.context.add_cookies([{"name": "ensue_session", "value": cookie, "url": server.url}])
    await ready(eyes, page, "Order 17 is paid")

    async def tidy() -> bool:
        names = await page.evaluate("caches.keys()")
        return len(names) == 2 and "of-others" in names and "ensue-shell-older" not in names

    await eventually(tidy, "the older cache is gone")


async def test_a_newer_build_says_so(eyes: Eyes, page: Page, server: Server) -> None:
    """When another worker takes over, the page stays as it is and offers to begin anew; the first one says nothing."""
    await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    await expect(page.get_by_text("newer console")).to_have_count(0)
    await eyes.open(page, "/")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await eventually(lambda: told_of_newer(page), "the page says it")
    async with page.expect_event("load"):
        await page.get_by_role("button", name="Reload").click()


async def told_of_newer(page: Page) -> bool:
    """Whether the page says so, when another worker takes over now."""
    await page.evaluate("navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))")
    return await page.get_by_text("newer console").count() > 0


@pytest.mark.parametrize("same", [True, False])
async def test_another_login_finds_only_its_own(eyes: Eyes, page: Page, server: Server, same: bool) -> None:  # noqa: FBT001
    """Whoever logs in next has what they may read; what was kept of another person goes."""
    await server.send("order.paid", card=CARD)
    await ready(eyes, page, "Order 17 is paid")
    found = await page.evaluate(KEPT)
    if not same:
        found["session"]["view"]["member"]["id"] = "acc_somebody_else"
        await page.evaluate(
            """(session) => new Promise((resolve) => {
              const opening = indexedDB.open('ensue', 1);
              opening.onsuccess = () => {
                const changing = opening.result.transaction('kept', 'readwrite');
                changing.objectStore('kept').put(session, 'session');
                const theirs = {project: 'prj_theirs', at: 1, events: [], opened: []};
                changing.objectStore('kept').put(theirs, 'project:prj_theirs');
                changing.oncomplete = () => resolve(opening.result.close());
              };
            })""",
            found["session"],
        )
    await eyes.open(page, "/settings")

    async def own() -> bool:
        now = await page.evaluate(KEPT)
        return bool(now["session"]["view"]["member"]["name"] == "Maya Chen" and "project:prj_theirs" not in now)

    await eventually(own, "what was kept of somebody else is gone")
    assert PASSWORD not in str(await page.evaluate(KEPT))
