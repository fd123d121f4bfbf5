"""What other sites try with a browser that is signed in: to frame a page, to be sent on to, to read or to change."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection
from tests.browser import loop
from tests.browser.eyes import EMAIL, PASSWORD, Eyes

PAGES = ("/", "/login", "/settings/keys", "/docs", "/events/x", "/nothing-here", "/events/x/actions/y")
PATHS = (
    "/../../../etc/passwd", "/assets/../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd", "/..%5c..%5c..%5cetc%5cpasswd", "/assets/..%252f..%252fetc/passwd",
    "//etc/passwd", "/assets//etc/passwd", "/build.json", "/assets/%00", "/.vite/manifest.json", "/../app.py",
    "/index.html%00.js", "/static/../app.py", "/assets/\xff",
)  # fmt: skip


ELSEWHERE = (
    "//evil.example/x", "https://evil.example/", "/\\evil.example", "/%09/evil.example", "javascript:window.ran=1",
    "///evil.example", "/%5Cevil.example",
)  # fmt: skip


class Site:
    """Another site: one page with what is put into it."""

    def __init__(self) -> None:
        self.body = ""
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The page, for whatever is asked."""
        await reader.readuntil(b"\r\n\r\n")
        body = f"<!doctype html><title>Evil</title>{self.body}".encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@loop.fixture()
async def site() -> AsyncIterator[Site]:
    """A site of another host than the server's: `localhost` is not 127.0.0.1 to a browser."""
    made = Site()
    listening = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://localhost:{listening.sockets[0].getsockname()[1]}/"
    yield made
    listening.close()


async def test_nobody_frames_a_page(eyes: Eyes, server: Server, page: Page, site: Site) -> None:
    """Each page says so to the browser, which shows nothing of it to who would have clicks stolen."""
    for path in PAGES:
        answered = await server.call("GET", path, accept="text/html", authorization="")
        assert answered.headers["content-type"].startswith("text/html"), path
        assert "frame-ancestors 'none'" in answered.headers["content-security-policy"], path
        assert answered.headers["x-content-type-options"] == "nosniff", path
    site.body = f"<iframe src='{server.url}/settings/keys'></iframe>"
    await page.goto(site.url)
    await eventually(lambda: [one for one in eyes.troubles if "frame-ancestors" in one], "the browser refuses it")
    await eventually(lambda: page.frames[-1].url.startswith("chrome-error:"), "nothing of it is shown")
    await page.close()
    eyes.troubles.clear()


async def test_another_site_neither_reads_nor_changes(eyes: Eyes, server: Server, page: Page, site: Site) -> None:
    """Its scripts cannot read an answer; its forms and calls, with the cookie or without, change nothing."""
    site.body = (
        f"<form method=post action='{server.url}/api/v1/keys' enctype='text/plain'><input name='{{}}'>"
        "<button>Win a prize</button></form>"
    )
    await page.goto(site.url)
    outcomes = await page.evaluate(
        """async (url) => {
            const tried = async (path, init) => {
                try { return (await fetch(url + path, { credentials: 'include', ...init })).status; }
                catch { return 'refused'; }
            };
            const json = { 'content-type': 'application/json' };
            return [
                await tried('/api/v1/session'),
                await tried('/api/v1/keys', { method: 'POST', body: '{}', headers: json }),
                await tried('/api/v1/events', { method: 'POST', body: '{"type": "evil"}', headers: json }),
                await tried('/api/v1/session', { method: 'DELETE' }),
            ];
        }""",
        server.url,
    )
    assert outcomes == ["refused"] * 4
    await page.evaluate(
        "(url) => void fetch(url + '/api/v1/keys', {method: 'POST', body: '{}', mode: 'no-cors'})", server.url
    )
    async with page.expect_navigation():
        await page.get_by_role("button", name="Win a prize").click()
    await expect(page.locator("body")).to_contain_text("error")
    assert len(await server.items("/api/v1/keys?limit=50")) == 1
    assert await server.items("/api/v1/events?limit=50") == []
    await page.close()
    eyes.troubles.clear()
    await eyes.open(await page.context.new_page(), "/settings/keys")


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_a_login_never_leads_to_another_site(eyes: Eyes, cookie: str, target: str) -> None:
    """However the address is written: whoever logs in there is on a page of this console."""
    page = await eyes.window()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await eyes.open(page, f"/login?to={target}")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("navigation").first).to_be_visible()
    assert cookie
    assert not [url for url in asked if not url.startswith(eyes.server.url)]
    assert page.url.startswith(eyes.server.url)


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_no_path_reads_a_file(server: Server, accept: str) -> None:
    """As bytes on the wire, which no browser and no client straightens: an unknown page or nothing, never a file."""
    for path in PATHS:
        async with Connection(server.port) as connection:
            answered = await connection.call("GET", path, b"", {"accept": accept})
        assert answered.status in {200, 400, 404}, (path, answered.status)
        assert b"root:" not in answered.body, path
        assert b"import " not in answered.body[:2000], path
        if answered.status == 200:
            assert b'<div id="app">' in answered.body, path
