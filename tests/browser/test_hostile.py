"""An attacker's texts on every screen: each content type, names, categories, avatars, contexts, headers and bodies of
attempts, addresses. Nothing of it runs, nothing is loaded from elsewhere unasked, the policy has nothing to refuse."""

import re
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, expect

from ensue.testing import Sink
from tests.acceptance.server import Server
from tests.browser import loop
from tests.browser.eyes import Eyes, invite, make_account, make_member
from tests.browser.hostile import LINK, LONG, SHORT, WATCH, assert_nothing_ran, fill_with_malice

SCREENS = (
    "overview", "triggers", "deliveries", "scheduled", "playground", "settings", "settings/keys", "settings/members",
    "settings/projects", "settings/sessions", "settings/devices", "settings/server",
)  # fmt: skip


NAMED = ("triggers", "settings/keys", "settings/members", "settings/projects")
"""Where names stand that are attacks."""


class Watched:
    """A window that counts what it asks of other hosts."""

    def __init__(self, page: Page, eyes: Eyes) -> None:
        self.page = page
        self.eyes = eyes
        self.server = eyes.server
        self.elsewhere: list[str] = []
        page.on("request", lambda request: self._asked(request.url))
        page.on("popup", lambda popup: self.elsewhere.append(f"popup {popup.url}"))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server.url, "data:", "blob:")):
            self.elsewhere.append(url)

    async def open(self, path: str) -> None:
        """Load a path, wait for what it shows, and look."""
        await self.page.goto(self.server.url + path)
        await self.page.locator("h1, h2").first.wait_for()
        await expect(self.page.get_by_role("status", name="Loading")).to_have_count(0)
        await self.look(path)

    async def look(self, where: str) -> None:
        """That nothing ran, and nothing was asked elsewhere."""
        await assert_nothing_ran(self.page, where)
        assert not self.elsewhere, (where, self.elsewhere)


async def hostile_window(eyes: Eyes, cookie: str | None) -> Watched:
    """A window of a browser whose own name is an attack."""
    page = await eyes.window(cookie)
    context: BrowserContext = page.context
    await context.add_init_script(WATCH)
    return Watched(page, eyes)


@loop.fixture()
async def watched(eyes: Eyes, server: Server) -> Watched:
    """The owner of a project that is called as badly as its people are."""
    cookie = await make_account(server, SHORT)
    await make_member(server, cookie, "viewer", LONG[:100], "eve@evil.example")
    return await hostile_window(eyes, cookie)


async def test_every_screen_shows_an_attack_as_text(eyes: Eyes, server: Server, sink: Sink, watched: Watched) -> None:
    """Each screen, with its panels, rows and tabs opened, in both themes of what can be unfolded."""
    event, trigger = await fill_with_malice(server, sink)
    page = watched.page
    await watched.open("/")
    rows = page.get_by_role("article")
    await expect(rows.filter(has_text=SHORT)).to_have_count(2)
    await rows.first.get_by_role("link").first.click()  # its title: in the middle a button may come to lie
    await expect(page.get_by_role("complementary")).to_contain_text("onerror")
    await watched.look("the panel of the feed")
    await watched.open(f"/events/{event}")
    await expect(page.get_by_text(SHORT).first).to_be_visible()
    await watched.look("an event's page")
    await watched.open(f"/events/{event}/actions/{quote(SHORT[:20], safe='')}")
    await expect(page.get_by_text(SHORT).first).to_be_visible()
    await watched.look("the page that asks before a press")
    await watched.open("/deliveries?state=dead")
    await page.locator("tbody tr button").first.click()
    for tab in ("Headers", "Request", "Response"):
        await page.get_by_role("tab", name=tab).click()
        await watched.look(f"an attempt's {tab}")
    await watched.open("/triggers")
    await expect(page.get_by_text(SHORT).first).to_be_visible()
    await watched.open(f"/triggers/{trigger}")
    for screen in SCREENS:
        await watched.open(f"/{screen}")
        if screen in NAMED:
            await expect(page.locator("main").get_by_text(SHORT).first).to_be_visible()
            await watched.look(screen)


async def test_what_would_run_is_noticed(watched: Watched) -> None:
    """The test tests: markup that acts, a link that acts, and one that gives away who opened it, are found."""
    await watched.open("/settings")
    for markup in (SHORT, f'<a href="{LINK}">x</a>', '<a href="https://evil.example/">x</a>'):
        await watched.page.evaluate("(text) => document.body.insertAdjacentHTML('beforeend', text)", markup)
        with pytest.raises(AssertionError):
            await watched.look("markup")
        await watched.page.evaluate("() => { document.body.lastElementChild.remove(); broken = []; }")
    watched.eyes.troubles.clear()


async def test_an_address_is_no_way_in(eyes: Eyes, server: Server, sink: Sink, watched: Watched) -> None:
    """Queries, hashes and paths that an attacker links to: searched for, refused or unknown, and never more."""
    await fill_with_malice(server, sink)
    attack = quote(LONG, safe="")
    queries = (
        "q",
        "event",
        "state",
        "trigger",
        "category",
        "type",
        "tab",
        "new",
        "rename",
        "invite",
        "to",
        "test",
        "since",
    )
    everything = "&".join(f"{name}={attack}" for name in queries)
    for path in (
        f"/?q={attack}", f"/?event={attack}", f"/?q=category%3A{attack}", f"/events/{attack}", f"/triggers/{attack}",
        f"/{attack}", f"/?{everything}", f"/login?to={quote(LINK)}", f"/login?to={attack}", f"/invitation#{attack}",
        f"/reset#{attack}", f"/setup#{attack}", *(f"/{screen}?{everything}#{attack}" for screen in SCREENS),
    ):  # fmt: skip
        await watched.open(path)
        assert urlsplit(watched.page.url).netloc == urlsplit(server.url).netloc


async def test_what_is_typed_is_shown_as_text(eyes: Eyes, watched: Watched) -> None:
    """A card that is composed, with each kind of content, and an image that is no image."""
    page = watched.page
    await watched.open("/playground")
    for label in ("Type", "Title", "Category"):
        await page.get_by_label(label, exact=True).fill(SHORT)
    for kind in ("Text", "Rows", "Image"):
        await page.get_by_role("radio", name=kind).click()
        field = page.get_by_role("textbox", name=kind, exact=True)
        await field.fill(LINK if kind == "Image" else f"{LONG}: {LONG}")
        await expect(field).to_have_value(re.compile("window.ran=1"))
        await watched.look(f"a card with {kind}")


async def test_nobody_is_attacked_before_the_login(eyes: Eyes, server: Server) -> None:
    """The screens that stand open to all: an inviter's and a project's name in an invitation, links that are none."""
    watched = await hostile_window(eyes, None)
    await watched.open("/setup#" + quote(LONG, safe=""))
    cookie = await make_account(server, SHORT)
    link = await invite(server, cookie, "viewer", "leo@fjord.example")
    await watched.open("/invitation#" + link.partition("#")[2])
    await expect(watched.page.get_by_role("heading", level=1, name=f"Join {SHORT}")).to_be_visible()
    await watched.look("an invitation")
    for path in (
        "/login",
        f"/login?to={quote(LINK)}",
        "/forgotten",
        "/reset#x",
        "/invitation#x",
        f"/{quote(LONG, safe='')}",
    ):
        await watched.open(path)
