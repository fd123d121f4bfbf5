"""The whole way of somebody new, in one test: from the printed link to yesterday's failed deliveries, sent again."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from playwright.async_api import Page, expect

from ensue.testing import Clock, Received, Reply, Running, Sink, running
from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection
from tests.browser.eyes import EMAIL, NAME, PASSWORD, Eyes, assert_accessible, setup_link

DAY = 24 * 3_600_000
WORD = "Sigrid"


async def test_from_the_printed_link_to_what_failed_yesterday(eyes: Eyes, server: Server, sink: Sink) -> None:
    """Set up, paste the line, see it live, press, make a trigger, run it, find by a word what failed, send it again."""
    page = await eyes.window()
    await set_up(page, server)
    await paste(await shown_line(page, server))
    await see_and_press(page)
    await make_trigger(page, sink)
    await run_it(page, sink)
    now = time.time()
    await fail_yesterday(server, sink, now)
    await page.clock.set_fixed_time(datetime.fromtimestamp(now, UTC))  # after midnight it would be two days ago
    await find_and_send_again(page, sink)


async def set_up(page: Page, server: Server) -> None:
    """An account, by the link that was printed."""
    await page.goto(await setup_link(server))
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", level=1, name="Feed")).to_be_visible()


async def shown_line(page: Page, server: Server) -> str:
    """The line for a terminal as it stands on the screen, with the first key in it."""
    code = page.get_by_role("tabpanel").locator("pre")
    await expect(code).to_contain_text(server.key)
    return await code.inner_text()


async def paste(line: str) -> None:
    """Run it in a shell as it is."""
    shell = await asyncio.create_subprocess_shell(
        line + " --silent --fail-with-body",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, complaint = await shell.communicate()
    assert shell.returncode == 0, (told, complaint)
    assert json.loads(told)["duplicate"] is False


async def see_and_press(page: Page) -> None:
    """The card comes without a reload; its button is pressed and says what was done, by whom."""
    card = page.get_by_role("article").filter(has_text="First order paid")
    await expect(card).to_be_visible()
    await card.get_by_role("button", name="Ship it").click()
    await expect(card).to_contain_text(f"by {NAME}")
    await expect(card.get_by_role("button", name="Ship it")).to_have_count(0)
    await assert_accessible(page)


async def make_trigger(page: Page, sink: Sink) -> None:
    """Its type is among those suggested; the secret is shown once."""
    await page.get_by_role("link", name="Triggers").first.click()
    await page.get_by_role("link", name="New trigger").first.click()
    await page.get_by_label("Name", exact=True).fill("Books")
    await expect(page.locator("datalist option[value='order.paid']")).to_have_count(1)
    await page.get_by_label("Event type").fill("order.paid")
    await expect(page.get_by_text("1 of the last 1 match")).to_be_visible()
    await page.get_by_label("Address").fill(sink.url)
    await page.get_by_label("Attempts").fill("1")
    await page.get_by_role("button", name="Create trigger").click()
    await page.get_by_role("dialog").get_by_role("button", name="I have kept it").click()
    await expect(page.get_by_role("heading", name="Books", exact=True)).to_be_visible()


async def run_it(page: Page, sink: Sink) -> None:
    """Now, with the data of the event that came."""
    await expect(page.get_by_text("from the last event")).to_be_visible()
    await page.get_by_role("button", name="Trigger now").click()
    await expect(page.get_by_text("200 OK")).to_be_visible()
    (received,) = await sink.wait_for(1)
    assert _data(received)["total"] == 42


async def fail_yesterday(server: Server, sink: Sink, now: float) -> None:
    """The same server a day before `now` (seconds), when the receiver was broken: one order died, another's arrived."""
    await server.stop()
    async with running(server.data, clock=Clock(round(now * 1000) - DAY)) as then:
        sink.script = lambda received: Reply(503 if WORD in str(_data(received)) else 200)
        for customer in (WORD, "Ada"):
            await _send(then, {"type": "order.paid", "data": {"customer": customer, "total": 7}})
        await sink.wait_for(3)
        await eventually(lambda: _dead(then), "the delivery is dead")
    sink.script = lambda _: Reply(200)
    await server.start()


async def find_and_send_again(page: Page, sink: Sink) -> None:
    """Found by a word of its data, dead since yesterday; replayed, it arrives, and nothing else is sent."""
    await page.reload()
    await page.get_by_role("link", name="Deliveries").first.click()
    await expect(page.locator("tbody tr")).to_have_count(4)
    await page.get_by_role("radio", name="Dead").click()
    await page.keyboard.press("/")
    await page.keyboard.type(WORD.lower())
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text("Yesterday")
    await page.get_by_role("button", name="Replay many…").click()
    await page.get_by_role("button", name="Replay 1").click()
    progress = page.get_by_role("status", name="Replay")
    await expect(progress).to_contain_text("1 arrived")
    received = await sink.wait_for(4)
    assert _data(received[3])["customer"] == WORD
    assert len(received) == 4
    await progress.get_by_role("button", name="Show them").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text(re.compile("Delivered.*200 OK"))
    await assert_accessible(page)


def _data(received: Received) -> dict[str, object]:
    found = json.loads(received.body)["data"]
    assert isinstance(found, dict)
    return found


async def _send(then: Running, event: dict[str, object]) -> None:
    headers = {"authorization": f"Bearer {then.key.token}", "content-type": "application/json"}
    async with Connection(int(then.url.rpartition(":")[2])) as connection:
        answered = await connection.call("POST", "/api/v1/events", json.dumps(event).encode(), headers)
    assert answered.status == 202, answered


async def _dead(then: Running) -> Sequence[object]:
    headers = {"authorization": f"Bearer {then.key.token}"}
    async with Connection(int(then.url.rpartition(":")[2])) as connection:
        answered = await connection.call("GET", "/api/v1/deliveries?state=dead", b"", headers)
    items: Sequence[object] = answered.json["items"]
    return items
