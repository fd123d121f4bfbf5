"""A real server, and one real browser for all tests, each with windows of its own; where either is missing, these tests
are left out, and the run says so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from ensue.testing import Sink
from tests.acceptance.conftest import MakeServer, make_server
from tests.acceptance.server import Server
from tests.browser import loop
from tests.browser.eyes import Eyes, launch, make_account
from tests.browser.found import missing

__all__ = ["MakeServer", "make_server"]

collect_ignore_glob = ["test_*.py"] if missing() else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this directory on the loop of their browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            loop.put(item)


@loop.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once: each window is of a context of its own, which knows nothing of the others."""
    async with async_playwright() as playwright:
        started = await launch(playwright)
        yield started
        await started.close()


@loop.fixture()
async def server(make_server: MakeServer) -> Server:
    """A server that runs, with a lease of one second."""
    made = make_server(ENSUE_LEASE="1s")
    await made.start()
    return made


@loop.fixture()
async def sink() -> AsyncIterator[Sink]:
    """A receiver that takes everything, until it is given another script."""
    async with Sink() as receiver:
        yield receiver


@loop.fixture()
async def eyes(server: Server, browser: Browser) -> AsyncIterator[Eyes]:
    """Windows on the server; a test fails when the policy refused something, or a script broke."""
    made = Eyes(server, browser)
    yield made
    await made.close()
    assert not made.troubles


@loop.fixture()
async def cookie(server: Server) -> str:
    """The session of the first account, who owns the project "Fjord Coffee"."""
    return await make_account(server)


@loop.fixture()
async def page(eyes: Eyes, cookie: str) -> Page:
    """A window, signed in as the owner; nothing is open yet."""
    return await eyes.window(cookie)
