"""What a card holds, unfolded in the browser: long text, JSON in folds that can be copied, images of others on a click
only; times here and in UTC."""

from playwright.async_api import Page, Route, expect

from tests.acceptance.server import Server, eventually
from tests.browser.eyes import Eyes
from tests.browser.test_feed import live, row, show

ELSEWHERE = "https://images.example/graph.png"


async def _copied(page: Page, text: str) -> bool:
    return text in await page.evaluate("navigator.clipboard.readText()")


async def test_contents_unfold(eyes: Eyes, server: Server, page: Page) -> None:
    """Text beyond six lines and JSON beyond the first level are folded, and open; the whole JSON is copied."""
    value = {"order": 4821, "items": [{"kind": "Huila"}, {"kind": "grinder"}]}
    await show(server, "Long text", card={"content": {"type": "text", "value": "\n".join("abcdefgh")}})
    await show(server, "Some JSON", card={"content": {"type": "json", "value": value}})
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await eyes.open(page, "/")
    await live(page)
    await row(page, "Long text").click()
    await row(page, "Long text").get_by_role("button", name="Show all").click()
    await expect(row(page, "Long text").get_by_role("button", name="Show all")).to_have_count(0)
    await row(page, "Some JSON").get_by_role("link").first.click()
    content = row(page, "Some JSON").get_by_role("region", name="Content")
    await expect(content).not_to_contain_text("Huila")
    await content.get_by_role("button", name="[ 2 items ]").click()
    await content.get_by_role("button", name="{ 1 key }").first.click()
    await expect(content).to_contain_text('"kind": "Huila"')
    await row(page, "Some JSON").get_by_role("button", name="Copy").click()
    await eventually(lambda: _copied(page, '"grinder"'), "it is copied, folds and all")


async def test_images_of_others_wait_for_a_click(eyes: Eyes, server: Server, cookie: str) -> None:
    """Nothing is asked of another host before somebody wants to see it."""
    page = await eyes.window(cookie, worker=False)  # past which requests go that are held here
    asked: list[str] = []

    async def refused(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    await page.route("https://images.example/**", refused)
    await show(server, "A graph", card={"avatar": ELSEWHERE, "content": {"type": "image", "value": ELSEWHERE}})
    await eyes.open(page, "/")
    await row(page, "A graph").click()
    load = row(page, "A graph").get_by_role("button", name="Load image")
    await expect(load).to_be_visible()
    await expect(row(page, "A graph")).to_contain_text("images.example")
    assert not asked
    await load.click()
    await expect(row(page, "A graph")).to_contain_text("images.example gives no image")
    assert asked == [ELSEWHERE]


async def test_times_here_and_in_utc(eyes: Eyes, server: Server, page: Page) -> None:
    """A row tells how long ago; its tooltip the whole stamp, in the zone that was chosen, on every screen."""
    event = await show(server, "Just now")
    received = (await server.get(f"/api/v1/events/{event}"))["received_at"]
    await page.clock.set_fixed_time(received)  # it is now, however long the page takes
    await eyes.open(page, "/")
    time = row(page, "Just now").locator("time")
    await expect(time).to_have_text("now")
    zone = await time.get_attribute("title")
    assert zone is not None
    assert zone.endswith(("+01:00", "+02:00"))
    await page.get_by_role("radio", name="UTC").click()
    await expect(time).to_have_attribute("title", f"{await _in_utc(page, event)} UTC")
    await eyes.open(page, f"/events/{event}")
    await expect(page.get_by_text("UTC").first).to_be_visible()


async def _in_utc(page: Page, event: str) -> str:
    """When an event was received, as the console writes it in UTC, without the zone."""
    told: str = await page.evaluate(
        """async (id) => {
            const at = new Date((await (await fetch(`/api/v1/events/${id}`)).json()).received_at);
            const month = at.toLocaleString('en-GB', {month: 'short', timeZone: 'UTC'}).slice(0, 3);
            const time = at.toISOString().slice(11, 23);
            return `${at.getUTCDate()} ${month} ${at.getUTCFullYear()}, ${time}`;
        }""",
        event,
    )
    return told
