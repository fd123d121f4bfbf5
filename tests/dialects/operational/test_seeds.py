"""Every sample of the documents about actions (seeds 000, 001, 002), logged as their readers would log it."""

from typing import Any

import pytest

from tests.dialects.operational.sender import Sender

LINK = {"url": "https://stripe.com", "external": True, "buttonText": "Press me"}
HOOK = {"url": "https://webhook.site", "buttonText": "Press me"}
FULL = {
    "url": "https://yourserver.com/api/someroute",
    "buttonText": "Press me",
    "key": "press_me",
    "external": False,
    "expireIn": 10080,
    "meta": {"name": "Shash", "id": 1},
}
BAN = {"url": "https://yourserver.com/api/someroute", "buttonText": "Ban user", "key": "ban_user", "expireIn": 120}


def critical(action: dict[str, Any]) -> dict[str, Any]:
    """The first samples of each of the three pages."""
    return {"name": "a critical event", "avatar": "🤖", "actions": [action]}


def some(action: dict[str, Any]) -> dict[str, Any]:
    """The later ones: rows without any content."""
    return {"name": "some event", "avatar": "🤖", "type": "rows", "actions": [action]}


ACCEPTED = {
    "a link, 000 and 001": (
        critical(LINK),
        {"key": "link-1", "label": "Press me", "url": "https://stripe.com", "external": True},
    ),
    "all fields, 000 and 001": (
        some(FULL),
        {
            "key": "press_me",
            "label": "Press me",
            "url": "https://yourserver.com/api/someroute",
            "expires_in": 604_800,
            "meta": {"name": "Shash", "id": 1},
        },
    ),
    "banning users, 001": (
        some(BAN),
        {
            "key": "ban_user",
            "label": "Ban user",
            "url": "https://yourserver.com/api/someroute",
            "expires_in": 7_200,
        },
    ),
}

REFUSED = {
    "a simple example without a key, 000 and 001": (
        critical(HOOK),
        "Action needs to have a key or be marked as external",
    ),
    "a simple example whose address was lost, 002": (critical(HOOK | {"url": ""}), "Action needs to have a valid url"),
    "a link whose address was lost, 002": (critical(LINK | {"url": ""}), "Action needs to have a valid url"),
}


@pytest.mark.parametrize(("body", "action"), ACCEPTED.values(), ids=ACCEPTED)
async def test_samples_are_accepted(log: Sender, body: dict[str, Any], action: dict[str, Any]) -> None:
    """The event stands in the log with its name, its avatar and its button."""
    event = await log.event(body)
    assert event["type"] == body["name"]
    assert event["card"] == {"title": body["name"], "avatar": "🤖", "actions": [action]}


@pytest.mark.parametrize(("body", "message"), REFUSED.values(), ids=REFUSED)
async def test_samples_that_their_server_refuses_are_refused(log: Sender, body: dict[str, Any], message: str) -> None:
    """A button that sends needs a key, and every button an address: in their words."""
    assert await log.refusal(body) == message


async def test_seeds_speak_of_buttons_with_a_key(log: Sender) -> None:
    """The first sample is what its reader means as soon as it has the key that the page asks for."""
    card = (await log.event(critical(HOOK | {"key": "press"})))["card"]
    assert card["actions"] == [
        {"key": "press", "label": "Press me", "url": "https://webhook.site/", "expires_in": 604_800}
    ]
