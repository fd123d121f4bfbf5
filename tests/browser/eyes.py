"""Hides the browser: a console in it as a person has it, who watches what the page's policy refuses and what breaks."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Route, expect

from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection
from tests.browser.found import AXE, chromium

NAME: Final = "Maya Chen"
EMAIL: Final = "maya@fjord.example"
PASSWORD: Final = "grind-coffee-42x"
DESKTOP: Final = (1440, 900)
PHONE: Final = (390, 844)
expect.set_options(timeout=20_000)  # machines that build beside it are slow
_LINK: Final = re.compile(r"http\S+/setup#(\S+)")


async def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window."""
    return await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])


async def setup_link(server: Server) -> str:
    """The link that the server prints for its first account, whole."""
    found = await eventually(lambda: _LINK.search(server.log()), "the server prints a link")
    return str(found[0])


async def make_account(server: Server, project: str = "Fjord Coffee") -> str:
    """The first account, made without a browser; the value of its cookie."""
    token = (await setup_link(server)).partition("#")[2]
    body = {"link": token, "name": NAME, "email": EMAIL, "password": PASSWORD}
    answered, cookie = await _post(server, "/api/v1/setup", body)
    project_id = answered["projects"][0]["id"]
    await _post(server, f"/api/v1/projects/{project_id}", {"name": project}, cookie, "PATCH")
    return cookie


async def invite(server: Server, owner: str, role: str, email: str) -> str:
    """The link of an invitation to the one project of the owner (a cookie)."""
    invited, _ = await _post(server, "/api/v1/invitations", {"email": email, "role": role}, owner)
    return str(invited["link"])


async def make_member(server: Server, owner: str, role: str, name: str, email: str) -> str:
    """Somebody whom the owner (a cookie) invited to their one project, and who came; the value of their cookie."""
    link = await invite(server, owner, role, email)
    body = {"link": link.partition("#")[2], "name": name, "password": PASSWORD}
    return (await _post(server, "/api/v1/invitations/accept", body))[1]


async def _post(server: Server, path: str, body: Any, cookie: str = "", method: str = "POST") -> tuple[Any, str]:
    headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    if cookie:
        headers["cookie"] = f"ensue_session={cookie}"
    async with Connection(server.port) as connection:
        answered = await connection.call(method, path, json.dumps(body).encode(), headers)
    assert answered.status in {200, 201}, answered
    given = re.search(r"ensue_session=([^;]+)", str(answered.headers.get("set-cookie", "")))
    return answered.json, given[1] if given else cookie


async def counted(server: Server, count: int) -> None:
    """Wait until search and counts have caught up."""

    async def caught_up() -> bool:
        got = await server.call("GET", "/api/v1/stats?of=events&by=type")
        ours = [one["count"] for one in got.json["items"] if not one.get("type", "").startswith("ensue.")]
        return bool(sum(ours) >= count)

    await eventually(caught_up, "the events are counted")


async def end_session(page: Page, url: str) -> None:
    """End the session of a window, without the page's doing."""
    ended = await page.request.delete(f"{url}/api/v1/session", headers={"sec-fetch-site": "same-origin"})
    assert ended.status == 204, ended.status


async def end_then_go_on(url: str, route: Route) -> None:
    """End the session while a request is on its way: not before, or the page might see it by itself and ask already."""
    await end_session(route.request.frame.page, url)
    await route.continue_()


_UNREACHED = ("Failed to load resource", "An unknown error occurred when fetching the script.")
"""What the browser itself says while a server is stopped, of what a page loads and of its worker's script; a script
that the server refuses is told otherwise."""


class Eyes:
    """One browser window on a server. `troubles` is what should never be: refusals by the policy, uncaught errors."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self.troubles: list[str] = []
        self.contexts: list[BrowserContext] = []

    async def window(
        self,
        cookie: str | None = None,
        *,
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        scale: float = 1,
        script: bool = True,
        worker: bool = True,
    ) -> Page:
        """A page of a new context: signed in by `cookie`, or nobody; without `script` none runs, without a `worker`
        nothing is kept beside the page."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            device_scale_factor=scale,
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            java_script_enabled=script,
            locale="en-GB",
            timezone_id="Europe/Oslo",
            service_workers="allow" if worker else "block",
        )
        self.contexts.append(context)
        if cookie is not None:
            await context.add_cookies(
                [{"name": "ensue_session", "value": cookie, "url": self.server.url, "httpOnly": True}]
            )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(said in message.text for said in _UNREACHED):
            self.troubles.append(message.text)

    async def open(self, page: Page, path: str) -> None:
        """Load a path of the server, and wait until its first screen is there, and for a member what stands around it:
        the keys that act everywhere come with it."""
        await page.goto(self.server.url + path)
        await page.locator("h1").first.wait_for()
        await page.locator(".frame .beside:empty").wait_for(state="detached")

    async def close(self) -> None:
        """Close all windows."""
        for context in self.contexts:
            await context.close()


async def fits(page: Page, width: int) -> None:
    """Wait until nothing is wider than so many pixels: what follows the window's size by a script comes after it."""

    async def narrow() -> bool:
        return bool(await page.evaluate("(width) => document.documentElement.scrollWidth <= width", width))

    await eventually(narrow, f"nothing is wider than {width} pixels")


async def settled(page: Page) -> None:
    """Wait until nothing changes: colours in the middle of it have no contrast to be judged by. Spinners may turn."""
    await page.evaluate(
        """() => Promise.all(document.getAnimations()
            .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
            .map((one) => one.finished.catch(() => {})))"""
    )


_AXE_RUN: Final = """async () => {
    const still = new CSSStyleSheet();
    still.replaceSync(`*, *::before, *::after {
        transition: none !important; animation-duration: 0s !important; animation-delay: 0s !important;
    }`);
    document.adoptedStyleSheets.push(still);
    try {
        const { violations } = await axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        });
        return violations;
    } finally {
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== still);
    }
}"""
"""Nothing fades while axe looks: what an answer changes meanwhile has its new colours at once. What is right, which is
megabytes, stays in the page."""


@cache
def _axe() -> str:
    return Path(AXE).read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, one line each."""
    await settled(page)
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_axe())
    found = await page.evaluate(_AXE_RUN)
    return [
        f"{one['id']}: {one['help']} at {node['target']} {node.get('failureSummary', '')}"
        for one in found
        for node in one["nodes"]
    ]


async def assert_accessible(page: Page) -> None:
    """No violations as it is, in both themes."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        found = await violations(page)
        assert not found, f"{page.url} in {theme}:\n" + "\n".join(found)
