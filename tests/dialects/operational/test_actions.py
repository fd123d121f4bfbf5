"""Buttons: each field with its limit and default, in the words of their server where it refuses."""

from typing import Any

import pytest

from tests.dialects.edge import EVENTS
from tests.dialects.operational.sender import Sender

URL = "https://shop.example/ban"
BAN = {"url": URL, "buttonText": "Ban", "key": "ban"}


def with_button(**fields: Any) -> dict[str, Any]:
    """An event with one button that has these fields besides."""
    return {"name": "an event", "actions": [BAN | fields]}


async def button(log: Sender, **fields: Any) -> dict[str, Any]:
    """The button of such an event, as the native API shows it."""
    shown: dict[str, Any] = (await log.event(with_button(**fields)))["card"]["actions"][0]
    return shown


async def test_a_button_has_defaults(log: Sender) -> None:
    """It can be pressed once, within seven days."""
    assert await button(log) == {"key": "ban", "label": "Ban", "url": URL, "expires_in": 604_800}


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(1, 60), (0.5, 30), (120, 7_200), (43_200, 2_592_000), (None, 604_800)]
)
async def test_minutes_become_seconds(log: Sender, minutes: Any, seconds: float) -> None:
    """Up to thirty days."""
    assert (await button(log, expireIn=minutes))["expires_in"] == seconds


@pytest.mark.parametrize(
    ("minutes", "message"),
    [
        (43_201, "expireIn should be more than 0 and at most 43200 minutes"),
        (0, "expireIn should be more than 0 and at most 43200 minutes"),
        (-5, "expireIn should be more than 0 and at most 43200 minutes"),
        ("120", "expireIn should be a number of minutes"),
        (True, "expireIn should be a number of minutes"),
        ([1], "expireIn should be a number of minutes"),
    ],
)
async def test_other_times_are_refused(log: Sender, minutes: Any, message: str) -> None:
    """The limit of their documents holds here."""
    assert await log.refusal(with_button(expireIn=minutes)) == message
    assert await log.refusal(with_button(expireIn=minutes, external=True)) == message


@pytest.mark.parametrize("meta", [{"id": 1, "deep": [None]}, "text", "", 7, [1], False])
async def test_meta_is_kept_as_it_is(log: Sender, meta: Any) -> None:
    """Text or an object by their documents; whatever is sent comes back when the button is pressed."""
    assert (await button(log, meta=meta))["meta"] == meta


async def test_no_meta_is_none(log: Sender) -> None:
    """Null is the default."""
    assert "meta" not in await button(log, meta=None)


@pytest.mark.parametrize(
    ("value", "truth"), [(True, True), (1, True), ("no", True), (False, False), (0, False), (None, False)]
)
async def test_flags_are_what_javascript_takes_for_true(log: Sender, value: Any, truth: bool) -> None:  # noqa: FBT001
    """`repeat` and `external`."""
    shown = await button(log, repeat=value, external=value)
    assert (shown.get("repeat", False), shown.get("external", False)) == (truth, truth)


@pytest.mark.parametrize(
    ("kind", "style"), [("danger", "danger"), ("important", "important"), ("DANGER", None), (7, None)]
)
async def test_types_that_colour_a_button_are_its_style(log: Sender, kind: Any, style: str | None) -> None:
    """Others mean nothing."""
    assert (await button(log, type=kind)).get("style") == style


async def test_labels_have_48_characters(log: Sender) -> None:
    """One more is refused."""
    message = "buttonText is too long. Should be under 48 chars"
    assert await log.refusal(with_button(buttonText="b" * 49)) == message
    assert (await button(log, buttonText="b" * 48))["label"] == "b" * 48


async def test_links_need_no_key_and_do_not_expire(log: Sender) -> None:
    """On the card each action has a key: a link gets one that no other has."""
    link = {"url": URL, "buttonText": "Open", "external": True}
    actions = [link, link | {"key": ""}, link | {"key": "mine", "expireIn": 1}, BAN | {"key": "link-2"}]
    shown = (await log.event({"name": "an event", "actions": actions}))["card"]["actions"]
    assert [one["key"] for one in shown] == ["link-1", "link-3", "mine", "link-2"]
    assert [one.get("expires_in") for one in shown] == [None, None, 60, 604_800]


async def test_a_link_may_lead_home(log: Sender) -> None:
    """It is opened by a browser and never fetched from here."""
    assert (await button(log, url="http://localhost:3000/x", external=True))["url"] == "http://localhost:3000/x"


@pytest.mark.parametrize(("number", "key"), [(7, "7"), (7.0, "7"), (7.5, "7.5"), (0, "0")])
async def test_numbers_are_keys(log: Sender, number: float, key: str) -> None:
    """As text, as ids are."""
    assert (await button(log, key=number))["key"] == key


@pytest.mark.parametrize("key", [True, [], ["a"], {}, ""])
async def test_a_link_takes_no_harm_from_a_key(log: Sender, key: Any) -> None:
    """It needs none: what cannot be one is left out."""
    assert (await button(log, key=key, external=True))["key"] == "link-1"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": None}, "Action needs to have a valid url"),
        ({"url": ""}, "Action needs to have a valid url"),
        ({"url": "  "}, "Action needs to have a valid url"),
        ({"url": 7}, "Action needs to have a valid url"),
        ({"url": {"href": URL}}, "Action needs to have a valid url"),
        ({"buttonText": None}, "Action needs to have buttonText"),
        ({"buttonText": ""}, "Action needs to have buttonText"),
        ({"buttonText": 7}, "Action needs to have buttonText"),
        ({"key": None}, "Action needs to have a key or be marked as external"),
        ({"key": ""}, "Action needs to have a key or be marked as external"),
        ({"key": ["ban"]}, "Action needs to have a key or be marked as external"),
        ({"key": True}, "Action needs to have a key or be marked as external"),
        ({"key": None, "external": False}, "Action needs to have a key or be marked as external"),
    ],
)
async def test_what_a_button_needs_is_said(log: Sender, fields: dict[str, Any], message: str) -> None:
    """In their words."""
    assert await log.refusal(with_button(**fields)) == message


@pytest.mark.parametrize("actions", [None, [], False, 0, ""])
async def test_no_buttons_are_none(log: Sender, actions: Any) -> None:
    """An empty list is dropped."""
    assert "actions" not in await log.card(actions=actions)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({}, "actions should have at least 1 action"),
        (BAN, "actions should have at least 1 action"),
        ("ban", "actions should have at least 1 action"),
        (7, "actions should have at least 1 action"),
        (["ban"], "Action needs to have a valid url"),
        ([None], "Action needs to have a valid url"),
        ([[BAN]], "Action needs to have a valid url"),
        ([{}], "Action needs to have a valid url"),
    ],
)
async def test_actions_are_an_array_of_objects(log: Sender, actions: Any, message: str) -> None:
    """Anything else is refused."""
    assert await log.refusal({"name": "an event", "actions": actions}) == message


async def test_a_card_has_twenty_buttons(log: Sender) -> None:
    """One more is refused."""
    actions = [BAN | {"key": f"ban-{at}"} for at in range(21)]
    refusal = await log.refusal({"name": "an event", "actions": actions})
    assert refusal == "'actions' has 21 buttons; the limit is 20."
    assert len((await log.event({"name": "an event", "actions": actions[:20]}))["card"]["actions"]) == 20


@pytest.mark.parametrize("second", ["ban", " ban "])
async def test_keys_are_distinct(log: Sender, second: str) -> None:
    """A press says by its key which button it was."""
    refusal = await log.refusal({"name": "an event", "actions": [BAN, BAN | {"key": second}]})
    assert refusal == "Two buttons have the key 'ban'; keys are distinct within a card."


async def test_keys_have_255_characters(log: Sender) -> None:
    """One more is refused, with the place where it stands."""
    refusal = await log.refusal(with_button(key="k" * 256))
    assert refusal == "'actions[0].key' has 256 characters; the limit is 255."
    assert (await button(log, key="k" * 255))["key"] == "k" * 255


@pytest.mark.parametrize(
    "url",
    [
        "shop.example/ban",
        "ftp://shop.example/ban",
        "javascript:alert(1)",
        "http://user:word@shop.example/",
        "http://10.0.0.1/ban",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/ban",
        "http://shop.example/a b",
        "http://shop.example/\r\nx: y",
    ],
)
async def test_buttons_do_not_reach_inside(log: Sender, url: str) -> None:
    """The guard looks at the address on the way in; theirs looked at nothing."""
    refusal = await log.refusal(with_button(url=url))
    assert refusal
    assert "card." not in refusal


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "shop.example"])
async def test_links_are_of_the_web(log: Sender, url: str) -> None:
    """Nobody is led to run a script."""
    assert await log.refusal(with_button(url=url, external=True))


async def test_a_button_asks_as_theirs_did(log: Sender) -> None:
    """Their console asked before each press, in a dialog of the button's text; a link is opened at once."""
    for external, asked in ((False, "Ban?"), (True, None)):
        event = (await log(with_button(external=external))).headers["x-event-id"]
        shown = (await log.api("GET", f"{EVENTS}/{event}")).json
        assert shown["card"]["actions"][0].get("confirm") == asked
