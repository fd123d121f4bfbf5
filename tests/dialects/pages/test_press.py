"""The page that asks before a button is pressed: what it shows, what presses, and what does not."""

import asyncio
import json
from typing import Any

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.press import press_page
from ensue.testing import Reply, Sink
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.pages.reader import Page, Reader
from tests.dialects.people import ORIGIN, seated

URL = "https://shop.example/actions"


async def shown(api: Edge, *more: dict[str, Any], url: str = URL, **fields: Any) -> str:
    """The address of the page of the button `ban` of a new event."""
    ban = {"key": "ban", "label": "Ban", "url": url} | fields
    event = await api.send(type="user.flagged", card={"title": "Spam", "category": "Trust", "actions": [ban, *more]})
    return press_page(event, "ban", "default")


async def reader(api: Edge, role: str = "member", name: str = "maya") -> Reader:
    """Somebody who is signed in."""
    return Reader(api, ensue_session=(await seated(api, f"{name}@example.com", role)).cookie)


async def test_it_asks_and_opening_it_presses_nothing(api: Edge) -> None:
    """It says what happened, what is asked, who is called and in whose name; neither GET nor HEAD calls anybody."""
    async with Sink() as sink:
        address = await shown(api, url=sink.url, confirm="Really?\nFor good.", style="danger")
        maya = await reader(api)
        for _ in range(2):
            page = await maya("GET", address)
            assert (page.status, (await maya("HEAD", address)).status) == (200, 200)
        assert [one["method"] for one in page.all("form")] == ["post"]
        assert [one.get("class") for one in page.all("button")] == ["danger"]
        for words in (
            "Ban?",
            "Spam",
            "Trust · default · just now, 15 Jan 2027, 08:00 UTC",
            "Times are in UTC",
            "Really?",
            "as N.",
            "cannot be undone",
        ):
            assert words in page.text
        assert "127.0.0.1 is called at once" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert not sink.received


async def test_its_form_presses_once(api: Edge) -> None:
    """Then it tells what came of it, whoever looks; a second press is a conflict that says who was faster."""
    async with Sink() as sink:
        address = await shown(api, url=sink.url)
        maya, leo = await reader(api), await reader(api, name="leo")
        first, second = await maya("GET", address), await leo("GET", address)
        done = await maya.send(first)
        assert (done.status, done.headers["location"]) == (303, address)
        for one in (maya, leo):
            page = await one("GET", address)
            assert "Done, by N, just now" in page.text
            assert "200 ·" in page.text
            assert not page.all("form")
        late = await leo.send(second)
        assert (late.status, "N was faster." in late.text) == (409, True)
        again = await maya.send(first)
        assert (again.status, "You pressed it already" in again.text) == (409, True)
        (received,) = sink.received
        assert json.loads(received.body)["pressedBy"]["id"] == "acc_maya"


@pytest.mark.parametrize("change", ["no token", "another button", "another session", "another event"])
async def test_a_token_is_of_one_session_and_one_button(api: Edge, change: str) -> None:
    """Any other is refused by a page that leads back, and nobody is called."""
    async with Sink() as sink:
        other = {"key": "warn", "label": "Warn", "url": sink.url}
        address, stranger = await shown(api, other, url=sink.url), await shown(api, url=sink.url)
        maya, leo = await reader(api), await reader(api, name="leo")
        page = await maya("GET", address)
        tokens = {
            "no token": "",
            "another button": (await maya("GET", address.replace("/ban", "/warn"))).fields["token"],
            "another session": (await leo("GET", address)).fields["token"],
            "another event": (await maya("GET", stranger)).fields["token"],
        }
        refused = await maya.send(page, token=tokens[change])
        assert refused.status == 403
        assert "another session or another button" in refused.text
        assert refused.all("a")[0]["href"] == address
        assert not sink.received


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "", "sec_fetch_site": ""}, 403),
        ({"origin": "", "sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, 415),
        ({"content_type": "application/json"}, 415),
    ],
)
async def test_only_our_own_form_presses(api: Edge, headers: dict[str, str], status: int) -> None:
    """What another site makes a browser send is refused, even with the right token; so is what is no form."""
    async with Sink() as sink:
        address = await shown(api, url=sink.url)
        maya = await reader(api)
        fields = (await maya("GET", address)).fields
        assert (await maya("POST", address, fields, **headers)).status == status
        assert not sink.received


@pytest.mark.parametrize("body", [b"token=%FF", b"token=a&token=b", b"token=%00", b"other=1", b"\xff=1", b"a=&" * 20])
async def test_a_form_that_is_not_ours_is_refused(api: Edge, body: bytes) -> None:
    """By a page, with a status that blames the sender; without fields the token is missing."""
    maya = await reader(api)
    cookie = f"ensue_session={maya.jar['ensue_session']}"
    given = {"host": "ensue.test", "origin": ORIGIN, "content_type": "application/x-www-form-urlencoded"}
    got = await maya.api("POST", await shown(api), body, cookie=cookie, **given)
    assert got.status == 400
    assert got.headers["content-type"].startswith("text/html")


async def test_without_room_it_says_so_and_can_be_tried_again(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason in words, and the form once more; nothing was stored."""
    address = await shown(api)
    maya = await reader(api)
    page = await maya("GET", address)

    async def full(*_: object) -> None:
        raise EnsueError("unavailable", "There is no room to try this now; try again.", retry_after=1)

    monkeypatch.setattr(api.house.engine.actions, "press", full)
    refused = await maya.send(page)
    assert (refused.status, "There is no room to try this now" in refused.text) == (503, True)
    assert refused.fields == page.fields


async def test_a_viewer_looks_and_cannot_press(api: Edge) -> None:
    """No form for them, the reason in words; a form that they make up themselves is a 403."""
    async with Sink() as sink:
        address = await shown(api, url=sink.url)
        viewer = await reader(api, "viewer")
        page = await viewer("GET", address)
        assert (page.status, page.all("form"), "viewers only look" in page.text) == (200, [], True)
        assert (await viewer("POST", address, {"token": "x"})).status == 403
        assert not sink.received


async def test_what_is_not_there_or_not_theirs_is_not_found(api: Edge) -> None:
    """Another project's event, a button that there is not, an event that has not happened, a stranger: one page."""
    elsewhere = await shown(await api.with_key("stranger"))
    here = await shown(api)
    later = await api.send(delay=60, card={"title": "x", "actions": [{"key": "ban", "label": "Ban", "url": URL}]})
    maya, nobody = await reader(api), Reader(api, ensue_session=(await seated(api, "x@example.com", None)).cookie)
    missing = [elsewhere, here.replace("/ban", "/none"), press_page(later, "ban"), press_page("x", "ban", "default")]
    for address in [*missing, here.replace("project=default", "project=stranger")]:
        for method in ("GET", "POST"):
            page = await maya(method, address, {"token": "x"})
            assert page.status == (404 if method == "GET" else page.status)
            assert page.status in (403, 404)
            assert "Spam" not in page.text
    page = await nobody("GET", here)
    assert (page.status, "Spam" in page.text) == (404, False)


async def test_an_address_without_its_project(api: Edge) -> None:
    """Who has one project needs none there; others are told what is missing, in words for people."""
    address = (await shown(api)).partition("?")[0]
    maya = await reader(api)
    assert (await maya("GET", address)).status == 200
    owner = await seated(api, "maya@example.com", "owner")
    assert (await owner("POST", "/api/v1/projects", {"name": "Other"})).status == 201
    page = await maya("GET", address)
    assert (page.status, "Open the whole link." in page.text, "header" in page.text) == (400, True, False)


async def test_how_a_button_stands(api: Edge) -> None:
    """Failed with why and another try; expired; a link; of a group what was not chosen; running by whom."""
    held = asyncio.Event()
    reply = Reply(503)
    async with Sink(lambda _: reply) as sink:
        yes = {"key": "yes", "label": "Approve", "url": sink.url, "group": "verdict"}
        link = {"key": "link", "label": "Shop", "url": "https://shop.example/x", "external": True}
        no = yes | {"key": "no", "label": "Reject"}
        address = await shown(api, yes, no, link, url=sink.url, expires_in=600)
        maya = await reader(api)

        async def of(key: str) -> Page:
            return await maya("GET", address.replace("/ban", f"/{key}"))

        await maya.send(await of("ban"))
        page = await of("ban")
        assert "Failed: 503 from 127.0.0.1 · N, just now" in page.text
        assert "Try again" in page.text
        api.clock.turn(600_000)
        page = await of("ban")
        assert (page.all("form"), "cannot be tried again" in page.text, "N, 10 min ago" in page.text) == (
            [],
            True,
            True,
        )
        reply = Reply(hold=held.wait)
        pressing = asyncio.create_task(maya.send(await of("yes")))
        await sink.wait_for(2)
        assert "Running since just now, pressed by N." in (await of("yes")).text
        assert "Approve is running" in (await of("no")).text
        held.set()
        await pressing
        page = await of("no")
        assert ("Not chosen: Approve was, by N" in page.text, page.all("form")) == (True, [])
        page = await of("link")
        away = page.all("a")[0]
        assert (away["href"], away["target"], away["rel"]) == (
            "https://shop.example/x",
            "_blank",
            "noopener noreferrer",
        )
        assert not page.all("form")
    other = await shown(api, expires_in=60)
    api.clock.turn(60_000)
    assert "It was not pressed." in (await maya("GET", other)).text


async def test_one_that_repeats_keeps_its_form(api: Edge) -> None:
    """And says who pressed it last."""
    async with Sink() as sink:
        maya = await reader(api)
        address = await shown(api, url=sink.url, repeat=True)
        for _ in range(2):
            await maya.send(await maya("GET", address))
        page = await maya("GET", address)
        assert ("Done, by N" in page.text, len(page.all("form")), len(sink.received)) == (True, 1, 2)


async def test_the_link_is_made_from_the_public_address(api: Edge) -> None:
    """One function makes it; what is odd in a key is written so that it comes back as it was."""
    post = api.house.engine.people.post
    event = await api.send(card={"title": "t", "actions": [{"key": "a/b c?d#é%", "label": "Do", "url": URL}]})
    link = post.press(event, "a/b c?d#é%", "default")
    assert link.startswith("http://")
    page = await (await reader(api))("GET", "/" + link.split("/", 3)[3])
    assert (page.status, "Do?" in page.text) == (200, True)
    assert (await api("GET", f"{EVENTS}/{event}")).json["card"]["actions"][0].get("state") is None


async def test_it_says_that_nobody_is_called(api: Edge) -> None:
    """A button without a URL names no host: triggers hear of its press, which is done at once."""
    event = await api.send(type="order.held", card={"actions": [{"key": "ok", "label": "OK"}]})
    maya = await reader(api)
    page = await maya("GET", press_page(event, "ok", "default"))
    assert "Triggers hear of it at once, as pressed by" in page.text
    assert "is called" not in page.text
