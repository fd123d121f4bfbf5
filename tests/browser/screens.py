"""Hides which screens there are, and how each is come by: one list for pictures, for axe and for narrow windows.

Each route of `web/src/routes.ts` is here at least once; so is each dialog and state that deserves a look of its own.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from playwright.async_api import Page, expect

from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection
from tests.browser.eyes import EMAIL, make_account
from tests.browser.found import ROOT

Act = Callable[[Page], Awaitable[None]]


async def _nothing(_page: Page) -> None:
    """The screen as it opens."""


class Screen(Struct, frozen=True):
    """One picture. `path` may name things of the world in braces; `route` is the name in `routes.ts`, empty for a page
    that no route is; `who` looks."""

    name: str
    path: str
    route: str
    act: Act = _nothing
    who: str = "owner"


def routes() -> list[str]:
    """The names of all routes of the console."""
    text = (ROOT / "web" / "src" / "routes.ts").read_text(encoding="utf-8")
    return re.findall(r"\{ name: '([a-z]+)', path:", text)


# what is done before a look


async def _wrong_password(page: Page) -> None:
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill("wrong-one")
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("alert").wait_for()


async def _set_up(page: Page) -> None:
    await page.get_by_label("Name").fill("Maya Chen")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill("grind-coffee-4")
    await page.get_by_label("Project").fill("Fjord Coffee")


async def _rows(page: Page) -> None:
    await page.get_by_role("article").first.wait_for()


async def _taught(page: Page) -> None:
    await page.get_by_role("heading", name="Listening for your first event").wait_for()


async def _open_first(page: Page) -> None:
    await page.get_by_role("article").filter(has_text="waiting for review").first.click()
    await page.get_by_text("What followed").first.wait_for()


async def _keys(page: Page) -> None:
    await page.locator("h1").first.wait_for()
    await page.keyboard.press("?")
    await page.get_by_role("dialog").wait_for()


async def _searched(page: Page) -> None:
    await page.get_by_text("No events match").first.wait_for()


async def _loaded(page: Page) -> None:
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)


async def _charts(page: Page) -> None:
    await expect(page.locator(".plot canvas")).to_have_count(2)
    await _loaded(page)


async def _replaying(page: Page) -> None:
    await _loaded(page)
    await page.get_by_role("button", name="Replay many").click()
    await page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Replay \d+$")).wait_for()  # counted


async def _run(page: Page) -> None:
    await _loaded(page)
    await page.get_by_role("button", name=re.compile("Trigger now")).first.click()
    await page.get_by_role("link", name="Open delivery").wait_for()  # what it was answered stands above


async def _attempt(page: Page) -> None:
    await page.get_by_role("tab", name="Response").wait_for()
    await _loaded(page)


async def _new_key(page: Page) -> None:
    await page.get_by_role("button", name="New key").click()
    await page.get_by_role("dialog").wait_for()


async def _invite(page: Page) -> None:
    await page.get_by_role("button", name="Invite…").click()
    await page.get_by_role("dialog").wait_for()


SET_UP: Final = Screen("setup", "{setup}", "setup", _set_up, "nobody")
"""The first page of all; there is no account yet."""

EMPTY: Final[Sequence[Screen]] = (
    Screen("feed-first-run", "/", "feed", _taught),
    Screen("overview-empty", "/overview", "overview", _loaded),
    Screen("triggers-empty", "/triggers", "triggers", _loaded),
    Screen("deliveries-empty", "/deliveries", "deliveries", _loaded),
    Screen("scheduled-empty", "/scheduled", "scheduled", _loaded),
)
"""Screens of a project in which nothing happened."""

SCREENS: Final[Sequence[Screen]] = (
    Screen("feed", "/", "feed", _rows),
    Screen("feed-open", "/", "feed", _open_first),
    Screen("feed-test-mode", "/?test=1", "feed", _rows),
    Screen("feed-no-match", "/?q=nothing+like+this", "feed", _searched),
    Screen("keys-map", "/", "feed", _keys),
    Screen("event", "/events/{event}", "event", _loaded),
    Screen("event-gone", "/events/01a20000-0000-7000-8000-000000000000", "event", _loaded),
    Screen("overview", "/overview", "overview", _charts),
    Screen("overview-month", "/overview?range=30d", "overview", _charts),
    Screen("triggers", "/triggers", "triggers", _loaded),
    Screen("trigger", "/triggers/{trigger}", "trigger", _loaded),
    Screen("trigger-now", "/triggers/{trigger}", "trigger", _run),
    Screen("trigger-new", "/triggers/new", "trigger", _loaded),
    Screen("deliveries", "/deliveries", "deliveries", _loaded),
    Screen("deliveries-open", "/deliveries?state=dead&open={dead}", "deliveries", _attempt),
    Screen("deliveries-replay", "/deliveries?state=dead", "deliveries", _replaying),
    Screen("scheduled", "/scheduled", "scheduled", _loaded),
    Screen("playground", "/playground", "playground"),
    Screen("settings", "/settings", "settings", _loaded),
    Screen("projects", "/settings/projects", "projects", _loaded),
    Screen("keys", "/settings/keys", "keys", _loaded),
    Screen("keys-new", "/settings/keys", "keys", _new_key),
    Screen("members", "/settings/members", "members", _loaded),
    Screen("members-invite", "/settings/members", "members", _invite),
    Screen("sessions", "/settings/sessions", "sessions", _loaded),
    Screen("devices", "/settings/devices", "devices", _loaded),
    Screen("server", "/settings/server", "server", _loaded),
    Screen("not-found", "/no/such/page", ""),
    Screen("login", "/login", "login", _wrong_password, "nobody"),
    Screen("forgotten", "/forgotten", "forgotten", who="nobody"),
    Screen("reset", "/reset#{reset}", "reset", who="nobody"),
    Screen("invitation", "/invitation#{invitation}", "invitation", _loaded, "nobody"),
    Screen("invitation-gone", "/invitation#used", "invitation", _loaded, "nobody"),
    Screen("press", "/events/{event}/actions/approve", ""),
    Screen("press-login", "/events/{event}/actions/approve", "", who="nobody"),
)
"""Screens of a project in which much happened."""


class World(Struct, frozen=True):
    """A server with people and a past: the owner's cookie, and what paths name in braces."""

    cookie: str
    known: Mapping[str, str]

    def path(self, screen: Screen) -> str:
        """Where `screen` is in this world."""
        return screen.path.format_map(self.known)


async def furnish(server: Server, cookie: str, count: int = 12_000) -> World:
    """People, keys, invitations and the demo's past, beside the account whose `cookie` it is."""
    owner = _Caller(server, cookie)
    await owner("POST", "/api/v1/demo", {"count": count, "origin": server.url})
    await _counted(owner, count)
    for email, role, name in (("leo@fjord.example", "admin", "Leo Park"), ("ana@fjord.example", "member", "Ana Lind")):
        link = await _invited(owner, email, role)
        await _Caller(server)(
            "POST", "/api/v1/invitations/accept", {"link": link, "name": name, "password": "another-long-word-7"}
        )
    for name, fields in (("Shop backend", {}), ("Roastery sensors", {}), ("Landing page", _PUBLIC)):
        await owner("POST", "/api/v1/keys", {"name": name, "scopes": ["events:write"], **fields})
    invitation = await _invited(owner, "ingrid@fjord.example", "viewer")
    held = (await owner("GET", "/api/v1/events?q=waiting+for+review&feed=true&limit=1"))["items"][0]["id"]
    triggers = (await owner("GET", "/api/v1/triggers?limit=50"))["items"]
    warehouse = next(one["id"] for one in triggers if one["name"] == "Warehouse hold")
    dead = (await owner("GET", f"/api/v1/deliveries?state=dead&trigger={warehouse}&limit=1"))["items"][0]["id"]
    known = {"event": held, "trigger": warehouse, "dead": dead, "invitation": invitation, "reset": "used"}
    return World(cookie, known)


_PUBLIC: Final = {"public": True, "origins": ["https://fjord.example"]}


class _Caller:
    """The API, as somebody calls it in a browser."""

    def __init__(self, server: Server, cookie: str = "") -> None:
        self._server = server
        self._headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
        if cookie:
            self._headers |= {"cookie": f"ensue_session={cookie}", "ensue-project": "default"}

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        async with Connection(self._server.port) as connection:
            answered = await connection.call(method, path, sent, self._headers)
        assert answered.status < 300, (path, answered)
        return answered.json


async def _invited(owner: _Caller, email: str, role: str) -> str:
    link = (await owner("POST", "/api/v1/invitations", {"email": email, "role": role}))["link"]
    return str(link).partition("#")[2]


async def _counted(owner: _Caller, count: int) -> None:
    """Wait until search and counts have caught up."""

    async def caught_up() -> bool:
        items = (await owner("GET", "/api/v1/stats?of=events"))["items"]
        return bool(sum(one["count"] for one in items) >= count)

    await eventually(caught_up, "the events are counted")


async def furnished(server: Server, count: int) -> World:
    """`furnish` with an account that is made first."""
    return await furnish(server, await make_account(server), count)
