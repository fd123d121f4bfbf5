"""Hides how pictures of the console are taken: `python -m tests.browser.shots [directory]`, or `make shots`.

Every screen on a desktop and on a phone, in light and dark, of a server that is started for it and filled a little.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from tests.acceptance.server import Server
from tests.browser.eyes import DESKTOP, PHONE, Eyes, launch, make_account, settled, setup_link
from tests.browser.found import ROOT, missing

_FONTS: Final = """\
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match><test name="family"><string>sans</string></test>
  <edit name="family" mode="assign" binding="strong"><string>Inter</string></edit></match>
<match><test name="family"><string>system-ui</string></test>
  <edit name="family" mode="assign" binding="strong"><string>Inter</string></edit></match>
<match><test name="family"><string>sans-serif</string></test>
  <edit name="family" mode="assign" binding="strong"><string>Inter</string></edit></match>
<match><test name="family"><string>ui-monospace</string></test>
  <edit name="family" mode="assign" binding="strong"><string>JetBrains Mono</string></edit></match>
</fontconfig>
"""
"""A decent system font where there is one: Debian's fonts-inter and fonts-jetbrains-mono."""

Act = Callable[[Page], Awaitable[None]]


async def _setup(page: Page) -> None:
    await page.get_by_label("Name").fill("Maya Chen")
    await page.get_by_label("E-mail").fill("maya@fjord.example")
    await page.get_by_label("Password", exact=True).fill("grind-coffee-4")
    await page.get_by_label("Project").fill("Fjord Coffee")


async def _login(page: Page) -> None:
    await page.get_by_label("E-mail").fill("maya@fjord.example")
    await page.get_by_label("Password", exact=True).fill("wrong-one")
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("alert").wait_for()


async def _new_key(page: Page) -> None:
    await page.get_by_role("button", name="New key").click()


async def _nothing(page: Page) -> None:
    pass


OUTSIDE: Final[dict[str, tuple[str, Act]]] = {"login": ("/login", _login)}
INSIDE: Final[dict[str, tuple[str, Act]]] = {
    "feed": ("/", _nothing),
    "overview": ("/overview", _nothing),
    "triggers": ("/triggers", _nothing),
    "deliveries": ("/deliveries", _nothing),
    "scheduled": ("/scheduled", _nothing),
    "playground": ("/playground", _nothing),
    "settings": ("/settings", _nothing),
    "projects": ("/settings/projects", _nothing),
    "keys": ("/settings/keys", _nothing),
    "new-key": ("/settings/keys", _new_key),
    "members": ("/settings/members", _nothing),
    "account": ("/settings/sessions", _nothing),
}
"""Each screen: its path, and what is done before the picture."""


async def take(out: Path, data: Path) -> None:
    """All pictures into `out`."""
    server = Server(data / "data")
    try:
        await server.start()
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            eyes = Eyes(server, browser)
            link = await setup_link(server)
            await _each(eyes, out, {"setup": (link.removeprefix(server.url), _setup)}, None)
            cookie = await make_account(server)
            await _each(eyes, out, OUTSIDE, None)
            await _each(eyes, out, INSIDE, cookie)
            await browser.close()
    finally:
        server.kill()


async def _each(eyes: Eyes, out: Path, screens: dict[str, tuple[str, Act]], cookie: str | None) -> None:
    for size, place in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for theme in ("light", "dark"):
            page = await eyes.window(cookie, size=size, theme=theme, scale=2 if size == PHONE else 1.5)
            for name, (path, act) in screens.items():
                await eyes.open(page, path)
                await act(page)
                await settled(page)
                await page.screenshot(path=out / f"{name}-{place}-{theme}.png")
    await eyes.close()
    eyes.contexts.clear()


def main() -> None:
    """Take them, or say what is missing."""
    lacks = missing()
    if lacks:
        sys.exit(f"No pictures without {' and '.join(lacks)}.")
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "shots"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        fonts = Path(directory) / "fonts.conf"
        fonts.write_text(_FONTS, encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        asyncio.run(take(out, Path(directory)))
    sys.stdout.write(f"Pictures are in {out}.\n")


if __name__ == "__main__":
    main()
