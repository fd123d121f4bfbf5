"""Every screen, whatever it shows: axe-core in both themes, nothing that sticks out of a narrow window, and no word of
the page's policy broken. A route that is on no list fails."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import pytest
from msgspec import Struct
from playwright.async_api import Browser, Page, expect

from tests.acceptance.server import Server, eventually
from tests.browser import loop
from tests.browser.eyes import DESKTOP, PHONE, Eyes, assert_accessible, counted, setup_link
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


_OVERHANG = """() => [document.scrollingElement, ...document.querySelectorAll('main, aside, nav .side')]
  .filter((part) => part.checkVisibility({ visibilityProperty: true }) && part.scrollWidth > part.clientWidth + 1)
  .flatMap((part) => [part.localName, ...[...part.querySelectorAll('*')]
    .filter((one) => one.getBoundingClientRect().right > part.getBoundingClientRect().right + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))])"""


async def _overhang(page: Page) -> list[str]:
    """What makes the page, or a part that scrolls up and down only, wider than its place, outermost first; nothing
    where none is. A window that was made narrow has a moment to take its new form."""

    async def fits() -> bool:
        return not await page.evaluate(_OVERHANG)

    with suppress(AssertionError):
        await eventually(fits, "nothing stands out", patience=5)
    found: list[str] = await page.evaluate(_OVERHANG)
    return found


async def test_the_first_page_of_all(eyes: Eyes, server: Server) -> None:
    """Set-up, before there is anybody."""
    link = await setup_link(server)
    await _look(eyes, await eyes.window(), link.removeprefix(server.url), SET_UP)


async def test_a_project_in_which_nothing_happened(eyes: Eyes, page: Page) -> None:
    """Each list says so, and what to do."""
    for screen in EMPTY:
        await _look(eyes, page, screen.path, screen)


class Lived(Struct, frozen=True):
    """A server with people and a past, and a window of the owner and of nobody on it."""

    world: World
    eyes: Eyes
    windows: Mapping[str, Page]


@loop.fixture(scope="module")
async def lived(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Lived]:
    """One for all screens: none changes what another one shows."""
    server = Server(tmp_path_factory.mktemp("lived") / "data", ENSUE_LEASE="1s")
    try:
        await server.start()
        world = await furnished(server, _COUNT)
        eyes = Eyes(server, browser)
        yield Lived(world, eyes, {"owner": await eyes.window(world.cookie), "nobody": await eyes.window()})
        await eyes.close()
    finally:
        server.kill()
        print(server.log())  # noqa: T201 - shown when a test failed


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
async def test_a_project_in_which_much_happened(lived: Lived, screen: Screen) -> None:
    """Every screen and every dialog, for somebody signed in and for somebody who is not."""
    await _look(lived.eyes, lived.windows[screen.who], lived.world.path(screen), screen)
    assert not lived.eyes.troubles


_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"


async def test_a_word_without_end_keeps_its_place(eyes: Eyes, server: Server, page: Page) -> None:
    """Names, types, categories and addresses that no line can hold: cut or broken, nothing else is pushed out."""
    long = "walk." + "long" * 20
    card = {"title": _WORD * 5, "category": "x" * 64, "content": {"type": "text", "value": _WORD * 30}}
    event = await server.send(long, subject=_WORD * 4, card=card, data={_WORD: _WORD * 4})
    await counted(server, 1)
    address = "http://127.0.0.1:9/" + "p" * 400
    trigger = (await server.trigger(address, name=_WORD * 2, match={"type": long}))["id"]
    paths = (
        "/", f"/?event={event}", f"/events/{event}", "/overview", "/triggers", f"/triggers/{trigger}", "/deliveries",
        "/playground", "/settings/devices", "/settings/projects", "/no/such/" + "x" * 200,
    )  # fmt: skip
    for path in paths:
        await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        await eyes.open(page, path)
        await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        if path == "/":
            await expect(page.get_by_role("link", name="x" * 64).locator(".count")).to_be_in_viewport()
        for width in (DESKTOP[0], 800, 360):
            await page.set_viewport_size({"width": width, "height": 740})
            if path == "/":
                await expect(page.get_by_role("list", name="Categories")).to_be_visible()
            assert await _overhang(page) == [], f"{path} at {width}"


async def test_the_way_to_the_part_that_is_shown_is_in_sight(eyes: Eyes, page: Page) -> None:
    """On a phone the parts of the settings are a row that is longer than the window."""
    await page.set_viewport_size({"width": 360, "height": 740})
    await eyes.open(page, "/settings/devices")
    await expect(
        page.get_by_role("navigation", name="Parts of the settings").get_by_role("link", name="Devices")
    ).to_be_in_viewport()


async def test_nothing_moves_for_those_who_asked_for_it(lived: Lived, browser: Browser) -> None:
    """With reduced motion no animation lasts longer than a fade, and none goes on for ever."""
    eyes = Eyes(lived.eyes.server, browser)
    page = await eyes.window(lived.world.cookie)
    await page.emulate_media(reduced_motion="reduce")
    for screen in SCREENS:
        if screen.name in {"feed-open", "overview", "triggers", "deliveries"}:
            await eyes.open(page, lived.world.path(screen))
            await screen.act(page)
            lasting = await page.evaluate(
                """() => document.getAnimations().map((one) => one.effect.getComputedTiming())
                  .filter((one) => one.iterations === Infinity || one.duration > 120).length"""
            )
            assert lasting == 0, screen.name
    await eyes.close()
