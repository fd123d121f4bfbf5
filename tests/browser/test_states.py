"""What goes wrong has a state that explains itself: no connection, a full disk, a session or project that is gone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.acceptance.conftest import MakeServer
from tests.acceptance.disks import Disk, LimitedFiles, can_mount, small_disk
from tests.acceptance.server import Server, eventually
from tests.browser.eyes import EMAIL, PASSWORD, Eyes, assert_accessible, make_account, make_member

UNKNOWN = "01a10000-0000-7000-8000-000000000000"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be filled, as well as this machine lets us."""
    if not can_mount():
        yield LimitedFiles(tmp_path)
        return
    with small_disk(tmp_path / "disk") as made:
        yield made


async def test_a_full_disk_is_said_on_every_page_until_it_is_over(
    make_server: MakeServer, disk: Disk, eyes: Eyes
) -> None:
    """A red line that says what to do, wherever one goes; what was typed stays; it goes away by itself."""
    server = eyes.server = make_server(disk.directory / "data")
    await server.start()
    page = await eyes.window(await make_account(server))
    await eyes.open(page, "/settings/keys?new=1")
    await page.get_by_label("Name").fill("Shop")
    disk.fill(server)

    async def unwell() -> bool:
        await server.call("POST", "/api/v1/events", {"type": "a.b", "data": "x" * 3000})
        return (await server.call("GET", "/readyz")).status == 503

    await eventually(unwell, "the disk is full")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("disk")
    line = page.locator(".alarm[role=alert]")
    await expect(line).to_be_visible()
    await expect(page.get_by_label("Name")).to_have_value("Shop")
    for path in ("/", "/deliveries", "/settings/members"):
        await eyes.open(page, path)
        await expect(line).to_contain_text("disk")
    await assert_accessible(page)
    disk.free(server)
    await expect(line).to_have_count(0)


async def test_a_connection_that_is_lost_loses_nothing(eyes: Eyes, server: Server, page: Page) -> None:
    """What cannot be sent is said where it was pressed; it is sent by the next press once the server is back."""
    await eyes.open(page, "/settings/members?invite=1")
    await page.get_by_label("E-mail").fill("leo@fjord.example")
    server.kill()
    await page.get_by_role("button", name="Make invitation link").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("does not answer")
    await server.start()
    await page.get_by_role("button", name="Make invitation link").click()
    await expect(page.get_by_role("dialog").locator("code")).to_contain_text("/invitation#")


async def test_a_screen_that_cannot_be_loaded_says_why(eyes: Eyes, cookie: str) -> None:
    """Where nothing is kept for it and the server does not give it: what to do, and a way to try again."""
    page = await eyes.window(cookie, worker=False)
    await eyes.open(page, "/settings")
    await page.route("**/assets/*", lambda route: route.abort())
    await page.get_by_role("link", name="Overview").click()
    await expect(page.get_by_role("heading", name="This page could not be loaded")).to_be_visible()
    await page.unroute("**/assets/*")
    await page.get_by_role("button", name="Reload").click()
    await expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()


async def test_what_is_not_there_says_so(eyes: Eyes, server: Server, page: Page) -> None:
    """An address of nothing, an event that was deleted, one that never was, a trigger that is gone."""
    await eyes.open(page, "/settings")
    for path in ("/no/such/page", "/%zz"):
        await page.goto(server.url + path)
        await expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        await expect(page.get_by_role("link", name="Back to the feed")).to_be_visible()
        await assert_accessible(page)
    event = await server.send("order.paid", card={"title": "Order 7 paid"})
    await eyes.open(page, f"/events/{event}")
    await expect(page.get_by_role("heading", name="Order 7 paid").first).to_be_visible()
    assert (await server.call("DELETE", f"/api/v1/events/{event}")).status == 204
    for path, said in (
        (f"/events/{event}", "This event is gone"),
        (f"/events/{UNKNOWN}", "This event is gone"),
        ("/triggers/trg_none", "There is no trigger"),
    ):
        await page.goto(server.url + path)
        await expect(page.get_by_role("alert")).to_contain_text(said)
        await assert_accessible(page)


@asynccontextmanager
async def sending(page: Page) -> AsyncIterator[None]:
    """What is done while the playground's event is on its way: done before, the page may see by itself that its session
    ended, and nothing can be pressed under the dialog."""
    go_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/api/v1/events", hold, times=1)
    async with page.expect_request("**/api/v1/events"):
        await page.get_by_role("button", name="Send event").click()
    yield
    go_on.set()


async def test_a_session_that_is_revoked_is_taken_up_again(eyes: Eyes, cookie: str) -> None:
    """Ended from another window: a dialog over the page, a wrong word refused in it, the right one goes on."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    other = await eyes.window(cookie)
    await eyes.open(other, "/login")
    await eyes.open(page, "/playground")
    await page.get_by_label("Title", exact=True).fill("Typed before")
    second = await eyes.window()
    await eyes.open(second, "/login")
    await second.get_by_label("E-mail").fill(EMAIL)
    await second.get_by_label("Password", exact=True).fill(PASSWORD)
    await second.get_by_role("button", name="Log in").click()
    await expect(second.get_by_role("heading", level=1, name="Feed")).to_be_visible()
    await eyes.open(second, "/settings/sessions")
    async with sending(page):
        await second.get_by_role("button", name="End").last.click()
        await expect(second.get_by_role("button", name="End")).to_have_count(0)
    dialog = page.get_by_role("dialog", name="Your session ended")
    await dialog.get_by_label("Password", exact=True).fill("not the password")
    await dialog.get_by_role("button", name="Log in").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await assert_accessible(page)
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_label("Title", exact=True)).to_have_value("Typed before")


async def test_what_is_live_goes_on_after_another_login(eyes: Eyes, server: Server, page: Page) -> None:
    """The session ends while feed and thread are open: after the login both show what came meanwhile and what comes."""
    event = await server.send("deploy.begun", card={"title": "Deploy 7"}, context={"id": "deploy-7"})
    await eyes.open(page, "/")
    thread = await page.context.new_page()
    await eyes.open(thread, f"/events/{event}")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(thread.get_by_role("heading", level=1, name="Deploy 7")).to_be_visible()
    ended = await page.request.delete(f"{server.url}/api/v1/session", headers={"sec-fetch-site": "same-origin"})
    assert ended.status == 204
    for window in (page, thread):
        await expect(window.get_by_role("dialog", name="Your session ended")).to_be_visible()
    await server.send("order.paid", card={"title": "Paid meanwhile"})
    await server.send("deploy.done", card={"title": "Deployed meanwhile"}, context={"id": "deploy-7"})
    dialog = page.get_by_role("dialog", name="Your session ended")
    await dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Log in").click()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_text("Paid meanwhile")).to_be_visible()
    await thread.bring_to_front()
    await thread.evaluate("dispatchEvent(new Event('focus'))")
    await expect(thread.get_by_role("dialog")).to_have_count(0)
    await expect(thread.get_by_text("Deployed meanwhile").first).to_be_visible()
    await server.send("deploy.checked", card={"title": "Deploy checked"}, context={"id": "deploy-7"})
    await expect(thread.get_by_text("Deploy checked").first).to_be_visible()


async def test_a_login_in_another_tab_is_seen(eyes: Eyes, cookie: str) -> None:
    """Two tabs of one browser: when one has logged in again, the other goes on as soon as it is looked at."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await eyes.open(page, "/playground")
    await page.get_by_label("Title", exact=True).fill("Typed before")
    tab = await page.context.new_page()
    await eyes.open(tab, "/login")
    async with sending(page):
        await page.context.clear_cookies()
    dialog = page.get_by_role("dialog", name="Your session ended")
    await expect(dialog).to_be_visible()
    await tab.reload()
    await tab.get_by_label("E-mail").fill(EMAIL)
    await tab.get_by_label("Password", exact=True).fill(PASSWORD)
    await tab.get_by_role("button", name="Log in").click()
    await expect(tab.get_by_role("heading", level=1, name="Feed")).to_be_visible()
    await page.bring_to_front()
    await page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_label("Title", exact=True)).to_have_value("Typed before")


async def test_who_is_taken_out_is_told(eyes: Eyes, server: Server, page: Page, cookie: str) -> None:
    """At once, on the page that is open; who is in no project at all is told what to do."""
    leo = await eyes.window(await make_member(server, cookie, "member", "Leo Park", "leo@fjord.example"))
    await eyes.open(leo, "/")
    await eyes.open(page, "/settings/members")
    await page.get_by_role("button", name="More for Leo Park").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(leo.get_by_role("heading", name="You are not in Fjord Coffee any more")).to_be_visible()
    await assert_accessible(leo)
    await leo.reload()
    await expect(leo.get_by_role("heading", name="You are in no project")).to_be_visible()
    await assert_accessible(leo)
    await leo.get_by_role("button", name="Log out").click()
    await expect(leo.get_by_role("heading", level=1, name="Log in")).to_be_visible()
