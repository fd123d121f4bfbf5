"""What a browser must have loaded before the first screen is there, held to the budget."""

import asyncio
import gzip
import re
from typing import Final

from playwright.async_api import Page, Response, Route, expect

from tests.acceptance.server import Server, eventually
from tests.browser.eyes import Eyes
from tests.browser.test_feed import row, show

BUDGET: Final = 40 * 1024
"""Bytes of JavaScript, gzipped."""
NEEDED: Final = re.compile(r"/assets/(base|feed|rolldown-runtime|index)-[^/]+\.js$")
"""What the feed's rows need; all other scripts are kept back."""


class Scales:
    """Weighs the scripts that a page loads, as they are when gzipped; what is not `needed` never arrives."""

    def __init__(self) -> None:
        self.weights: dict[str, int] = {}
        self.held: set[str] = set()
        self._weighing: list[asyncio.Task[None]] = []

    async def stand(self, page: Page, needed: re.Pattern[str] | None = None) -> None:
        """Weigh what this page loads from now on."""
        page.on("response", lambda answer: self._weighing.append(asyncio.create_task(self._weigh(answer))))
        if needed:

            async def pass_on(route: Route) -> None:
                if needed.search(route.request.url):
                    await route.continue_()
                else:
                    self.held.add(route.request.url)

            await page.route("**/assets/*.js", pass_on)

    async def _weigh(self, answer: Response) -> None:
        if answer.request.resource_type == "script":
            self.weights[answer.url] = len(gzip.compress(await answer.body(), 9))

    async def total(self) -> int:
        """All of them together, in bytes."""
        await asyncio.gather(*self._weighing)
        return sum(self.weights.values())


async def test_rows_need_no_more_than_the_budget(eyes: Eyes, server: Server, cookie: str) -> None:
    """With 40 KB of scripts, and all others kept back, the feed shows its rows."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    await show(
        server, "Disk is full", card={"actions": [{"key": "go", "label": "Grow it", "url": "http://127.0.0.1:9/"}]}
    )
    scales = Scales()
    await scales.stand(page, NEEDED)
    await page.goto(server.url)
    await expect(row(page, "Disk is full")).to_be_visible()
    await eventually(lambda: scales.held, "others are asked for")
    assert 10_000 < await scales.total() <= BUDGET, scales.weights


async def test_the_way_in_needs_no_more_than_the_budget(eyes: Eyes, cookie: str) -> None:
    """The form to log in is there with less than 40 KB of scripts."""
    page = await eyes.window()
    scales = Scales()
    await scales.stand(page)
    await eyes.open(page, "/login")
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert cookie
    assert 10_000 < await scales.total() <= BUDGET, scales.weights
