"""A real server and a real browser; where either is missing, these tests are left out, and the run says so."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.acceptance.conftest import MakeServer, make_server, server, sink
from tests.acceptance.server import Server
from tests.browser.eyes import Eyes, launch, make_account
from tests.browser.found import missing

__all__ = ["MakeServer", "make_server", "server", "sink"]

collect_ignore_glob = ["test_*.py"] if missing() else []


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with async_playwright() as playwright:
        started = await launch(playwright)
        yield started
        await started.close()


@pytest.fixture
async def eyes(server: Server, browser: Browser) -> AsyncIterator[Eyes]:
    """Windows on the server; a test fails when the policy refused something, or a script broke."""
    made = Eyes(server, browser)
    yield made
    await made.close()
    assert not made.troubles


@pytest.fixture
async def cookie(server: Server) -> str:
    """The session of the first account, who owns the project "Fjord Coffee"."""
    return await make_account(server)


@pytest.fixture
async def page(eyes: Eyes, cookie: str) -> Page:
    """A window, signed in as the owner; nothing is open yet."""
    return await eyes.window(cookie)
