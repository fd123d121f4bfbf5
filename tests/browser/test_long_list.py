"""A hundred thousand events in the feed: scrolled from the newest to the oldest with few rows, and without a long task
that a page without any would not have had."""

import asyncio
import json
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from typing import Any, Final

from playwright.async_api import Browser, Page, expect

from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection
from tests.browser.eyes import Eyes
from tests.browser.test_feed import live

MANY: Final = 100_000
BATCH: Final = 1_000
LANES: Final = 4
MOST_STEPS: Final = 1_500
"""More than the scroll needs: each step goes to where the list ends, and there are 500 pages of 200."""
LONG: Final = 50_000
"""Microseconds after which a task is long, as browsers say it. Here it is time of the processor, not of the clock: what
a busy machine keeps waiting is not long for that."""
COLLECTIONS: Final = {"MajorGC", "MinorGC"}
SCROLLS: Final = 3
"""A task that is long by what the feed does is long in each of these; where others share the processor, its time
stretches now and then."""

_SCROLL: Final = """async ({last, steps}) => {
    const main = document.querySelector('main');
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const counts = [];
    const here = (row) => document.querySelector(`article[aria-posinset="${row}"]`) !== null;
    let step = 0;
    while (step < steps && !here(last)) {
        const end = main.scrollTop = main.scrollHeight;
        step++;
        do {
            await frame();
            counts.push(document.querySelectorAll('article').length);
        } while (last && !here(last) && main.scrollHeight <= end);
    }
    return {most: Math.max(...counts), least: Math.min(...counts), steps: step};
}"""


async def fill(server: Server, count: int) -> None:
    """So many events, sent in large batches on several connections; again where the disk is slower than they come."""
    body = json.dumps({"events": [{"type": "load.test", "card": {"title": "Row"}}] * BATCH}).encode()

    async def taken(connection: Connection) -> bool:
        answered = await connection.call("POST", "/api/v1/events/batch", body, server.headers())
        assert answered.status in {207, 503}, answered
        return answered.status == 207

    async def lane() -> None:
        async with Connection(server.port) as connection:
            for _ in range(count // BATCH // LANES):
                await eventually(lambda: taken(connection), "a batch is taken")

    await asyncio.gather(*(lane() for _ in range(LANES)))


async def tasks(browser: Browser, page: Page, act: Callable[[], Awaitable[Any]]) -> tuple[Any, list[int]]:
    """What `act` gives, and how long the page's tasks took meanwhile: microseconds of the processor, longest first.
    What the engine collects of its own accord in the middle of one is not the page's: it does so when it likes to."""
    await browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    done = await act()
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    mine = [one for one in events if "tdur" in one and (one["pid"], one["tid"]) in mains]
    whole = sorted((one for one in mine if one["cat"] == "toplevel"), key=lambda one: one["ts"])
    took = [one["tdur"] for one in whole]
    starts = [one["ts"] for one in whole]
    for one in mine:
        if one["name"] in COLLECTIONS:
            took[bisect_right(starts, one["ts"]) - 1] -= one["tdur"]
    return done, sorted(took, reverse=True)


async def test_a_hundred_thousand_events(eyes: Eyes, server: Server, page: Page, browser: Browser) -> None:
    """From the newest to the oldest there are never 500 rows, and no more long tasks than on a page without any."""
    await eyes.open(page, "/?type=nothing.like.this")
    await expect(page.get_by_role("heading", name="No events match")).to_be_visible()
    _, empty = await tasks(browser, page, lambda: page.evaluate(_SCROLL, {"last": 0, "steps": 100}))
    await fill(server, MANY)
    longest = []
    for _ in range(SCROLLS):
        await eyes.open(page, "/")
        await live(page)
        await expect(page.get_by_role("article").first).to_be_visible()
        went, full = await tasks(browser, page, lambda: page.evaluate(_SCROLL, {"last": MANY, "steps": MOST_STEPS}))
        assert went["steps"] < MOST_STEPS
        assert 0 < went["least"] <= went["most"] < 500
        assert len(full) > went["steps"], "the trace saw the page at work"
        if sum(one > LONG for one in full) <= sum(one > LONG for one in empty):
            return
        longest.append(full[:9])
    raise AssertionError(longest)
