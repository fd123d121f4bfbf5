"""Every screen, whatever it shows: axe-core in both themes, nothing that sticks out of a narrow window, and no word of
the page's policy broken. A route that is on no list fails."""

import pytest
from playwright.async_api import Browser, Page

from tests.acceptance.server import Server
from tests.browser.eyes import DESKTOP, PHONE, Eyes, assert_accessible, setup_link
from tests.browser.screens import EMPTY, SCREENS, SET_UP, Screen, World, furnished, routes

_NARROW = ((PHONE[0], 844), (360, 740))
_COUNT = 400


def test_every_route_is_looked_at() -> None:
    """Whoever adds one adds its screen."""
    assert set(routes()) == {screen.route for screen in SCREENS if screen.route} | {SET_UP.route}


async def _look(eyes: Eyes, page: Page, path: str, screen: Screen) -> None:
    """One screen, wide and narrow, by day and by night."""
    await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    await eyes.open(page, path)
    await screen.act(page)
    await assert_accessible(page)
    for width, height in _NARROW:
        await page.set_viewport_size({"width": width, "height": height})
        assert await _overhang(page) == [], f"{screen.name} at {width}"


async def _overhang(page: Page) -> list[str]:
    """What makes the page wider than its window, outermost first; nothing where it is not."""
    found: list[str] = await page.evaluate(
        """() => document.scrollingElement.scrollWidth <= innerWidth ? [] :
          ['page', ...[...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))]"""
    )
    return found


async def test_the_first_page_of_all(eyes: Eyes, server: Server) -> None:
    """Set-up, before there is anybody."""
    link = await setup_link(server)
    await _look(eyes, await eyes.window(), link.removeprefix(server.url), SET_UP)


async def test_a_project_in_which_nothing_happened(eyes: Eyes, page: Page) -> None:
    """Each list says so, and what to do."""
    for screen in EMPTY:
        await _look(eyes, page, screen.path, screen)


@pytest.fixture
async def world(server: Server) -> World:
    """A server with people and a past."""
    return await furnished(server, _COUNT)


@pytest.mark.parametrize("who", ["owner", "nobody"])
async def test_a_project_in_which_much_happened(eyes: Eyes, world: World, who: str) -> None:
    """Every screen and every dialog, for somebody signed in and for somebody who is not."""
    page = await eyes.window(world.cookie if who == "owner" else None)
    for screen in SCREENS:
        if screen.who == who:
            await _look(eyes, page, world.path(screen), screen)


async def test_nothing_moves_for_those_who_asked_for_it(server: Server, browser: Browser, world: World) -> None:
    """With reduced motion no animation lasts longer than a fade, and none goes on for ever."""
    eyes = Eyes(server, browser)
    page = await eyes.window(world.cookie)
    await page.emulate_media(reduced_motion="reduce")
    for screen in SCREENS:
        if screen.name in {"feed-open", "overview", "triggers", "deliveries"}:
            await eyes.open(page, world.path(screen))
            await screen.act(page)
            lasting = await page.evaluate(
                """() => document.getAnimations().map((one) => one.effect.getComputedTiming())
                  .filter((one) => one.iterations === Infinity || one.duration > 120).length"""
            )
            assert lasting == 0, screen.name
    await eyes.close()
