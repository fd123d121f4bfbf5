"""Hides how pictures of the console are taken: `python -m tests.browser.shots [directory [part of a name]]`, or
`make shots`.

Every screen on a desktop and on a phone, in light and dark, of a server that is started for it and filled by the demo.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from tests.acceptance.server import Server
from tests.browser.eyes import DESKTOP, PHONE, Eyes, launch, make_account, settled, setup_link
from tests.browser.found import ROOT, missing
from tests.browser.screens import EMPTY, SCREENS, SET_UP, Screen, furnish

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


async def take(out: Path, data: Path, only: str) -> None:
    """The pictures whose names hold `only` into `out`."""
    server = Server(data / "data")
    try:
        await server.start()
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            eyes = Eyes(server, browser)
            link = await setup_link(server)
            await _each(eyes, out, [(SET_UP, link.removeprefix(server.url))], None, only)
            cookie = await make_account(server)
            await _each(eyes, out, [(screen, screen.path) for screen in EMPTY], cookie, only)
            world = await furnish(server, cookie)
            for who in ("nobody", "owner"):
                screens = [(screen, world.path(screen)) for screen in SCREENS if screen.who == who]
                await _each(eyes, out, screens, world.cookie if who == "owner" else None, only)
            await browser.close()
    finally:
        server.kill()


async def _each(eyes: Eyes, out: Path, screens: Sequence[tuple[Screen, str]], cookie: str | None, only: str) -> None:
    wanted = [(screen, path) for screen, path in screens if only in screen.name]
    for size, place in ((DESKTOP, "desktop"), (PHONE, "phone")):
        for theme in ("light", "dark"):
            for screen, path in wanted:
                page = await eyes.window(cookie, size=size, theme=theme, scale=2 if size == PHONE else 1.5)
                try:
                    await eyes.open(page, path)
                    await screen.act(page)
                except PlaywrightError as error:  # what is not come by on this screen is shown as it is
                    sys.stderr.write(f"{screen.name}, {place}: {str(error).splitlines()[0]}\n")
                await settled(page)
                await page.screenshot(path=out / f"{screen.name}-{place}-{theme}.png")
                await page.context.close()
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
        asyncio.run(take(out, Path(directory), sys.argv[2] if len(sys.argv) > 2 else ""))
    sys.stdout.write(f"Pictures are in {out}.\n")


if __name__ == "__main__":
    main()
