"""What a card may hold (design section 10): each field and button at its limit, one beyond, and of the wrong kind."""

from typing import Any

import msgspec
import pytest

from ensue.domain.card import MAX_EXPIRY, CardDraft, card_of
from ensue.domain.errors import EnsueError
from ensue.domain.event import Card
from ensue.domain.guard import Allowed

BUTTON = {"key": "ok", "label": "OK", "url": "https://a.example/press"}


def card(**fields: Any) -> Card:
    """A card as it is sent, and as it is kept."""
    return card_of(msgspec.json.decode(msgspec.json.encode(fields), type=CardDraft), 20, Allowed())


def refused(field: str, **fields: Any) -> str:
    """The message that names `field`."""
    with pytest.raises(EnsueError) as refusal:
        card(**fields)
    assert (refusal.value.code, refusal.value.field) == ("invalid", field)
    return refusal.value.message


@pytest.mark.parametrize(("field", "limit"), [("title", 255), ("category", 64), ("avatar", 2048)])
def test_texts_at_their_limit(field: str, limit: int) -> None:
    """Trimmed; one character beyond is refused; nothing but blanks is nothing."""
    assert getattr(card(**{field: f" {'x' * limit} "}), field) == "x" * limit
    assert str(limit) in refused(f"card.{field}", **{field: "x" * (limit + 1)})
    assert getattr(card(**{field: "  "}), field) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "words", 1),
        ("rows", [["a", 1]], {"a": 1}),
        ("image", "https://a.example/i.png", "javascript:alert(1)"),
        ("image", "http://a.example/i.png", None),
    ],
)
def test_content_is_of_its_type(kind: str, good: Any, bad: Any) -> None:
    """Text is a string, rows an array, an image a link; JSON anything."""
    content = card(content={"type": kind, "value": good}).content
    assert content is not None
    assert (content.type, msgspec.json.decode(content.value)) == (kind, good)
    assert refused("card.content.value", content={"type": kind, "value": bad})
    assert card(content={"type": "json", "value": bad}).content is not None


def test_content_of_no_known_type() -> None:
    """Refused by the decoder, with the path."""
    with pytest.raises(msgspec.ValidationError, match=r"content\.type"):
        card(content={"type": "html", "value": "x"})


def test_a_card_has_twenty_buttons() -> None:
    """With distinct keys; one more is refused, and so is a key that comes twice."""
    buttons = [BUTTON | {"key": f"k{n}"} for n in range(21)]
    assert len(card(actions=buttons[:20]).actions) == 20
    assert refused("card.actions", actions=buttons)
    assert refused("card.actions[1].key", actions=[BUTTON, BUTTON | {"key": " ok "}])


@pytest.mark.parametrize(
    ("field", "limit"), [("key", 255), ("label", 48), ("style", 48), ("confirm", 500), ("group", 255)]
)
def test_a_buttons_texts_at_their_limit(field: str, limit: int) -> None:
    """At it, and one beyond; key and label must be there."""
    (button,) = card(actions=[BUTTON | {field: "x" * limit}]).actions
    assert getattr(button, field) == "x" * limit
    assert refused(f"card.actions[0].{field}", actions=[BUTTON | {field: "x" * (limit + 1)}])
    if field in {"key", "label"}:
        assert refused(f"card.actions[0].{field}", actions=[BUTTON | {field: " "}])


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://a.example/", "http://127.0.0.1/", "http://localhost/x", "//a"])
def test_a_buttons_url_is_guarded(url: str) -> None:
    """What we would fetch is checked at intake; the second button is named as such."""
    assert refused("card.actions[1].url", actions=[BUTTON, BUTTON | {"key": "two", "url": url}])


def test_a_link_is_not_fetched() -> None:
    """An external button may lead anywhere that is a link, and nowhere else."""
    (button,) = card(actions=[BUTTON | {"external": True, "url": "https://intranet.local/x"}]).actions
    assert (button.external, button.url) == (True, "https://intranet.local/x")
    assert refused("card.actions[0].url", actions=[BUTTON | {"external": True, "url": "javascript:alert(1)"}])


def test_a_button_may_call_nobody() -> None:
    """Without a URL its press is all that happens; a link without one leads nowhere."""
    (button,) = card(actions=[{"key": "ok", "label": "OK"}]).actions
    assert (button.key, button.url) == ("ok", "")
    assert refused("card.actions[0].url", actions=[{"label": "OK", "external": True}])


@pytest.mark.parametrize("key", [".", "..", " .. "])
def test_a_key_can_stand_in_an_address(key: str) -> None:
    """Browsers read these as steps up the path: nobody could press them."""
    assert refused("card.actions[0].key", actions=[BUTTON | {"key": key}])


def test_a_group_is_of_buttons_that_are_pressed_once() -> None:
    """One that repeats cannot be chosen for good, and a link is not pressed here."""
    (button,) = card(actions=[BUTTON | {"group": " verdict ", "confirm": " "}]).actions
    assert (button.group, button.confirm) == ("verdict", None)
    for other in ("repeat", "external"):
        assert refused("card.actions[0].group", actions=[BUTTON | {"group": "verdict", other: True}])


def test_a_button_expires_within_thirty_days() -> None:
    """Above nothing, at the limit, one beyond."""
    (button,) = card(actions=[BUTTON | {"expires_in": MAX_EXPIRY}]).actions
    assert button.expires_in == MAX_EXPIRY
    for seconds in (0, -1, MAX_EXPIRY + 0.001):
        assert refused("card.actions[0].expires_in", actions=[BUTTON | {"expires_in": seconds}])


def test_marks_are_kept() -> None:
    """Muted, notify, test, repeat, meta: as they were sent."""
    shown = card(muted=True, notify=True, test=True, actions=[BUTTON | {"repeat": True, "meta": {"id": 1}}])
    assert (shown.muted, shown.notify, shown.test) == (True, True, True)
    assert (shown.actions[0].repeat, bytes(shown.actions[0].meta)) == (True, b'{"id":1}')
    assert card() == Card()


@pytest.mark.parametrize(
    "fields",
    [{"title": 1}, {"actions": {}}, {"actions": [1]}, {"actions": [{"key": "k"}]}, {"muted": "yes"}, {"content": "x"}],
)
def test_wrong_types_are_named(fields: dict[str, Any]) -> None:
    """By the decoder, with the field."""
    with pytest.raises(msgspec.ValidationError, match=next(iter(fields))):
        card(**fields)


def test_links_may_go_without_a_key() -> None:
    """An external action gets a key of its own, distinct from those given; a button needs one."""
    link = {"label": "Open", "url": "https://a.example/", "external": True}
    actions = card(actions=[link, BUTTON, link | {"key": " link-2 "}, link]).actions
    assert [action.key for action in actions] == ["link-1", "ok", "link-2", "link-3"]
    refused("card.actions[1].key", actions=[BUTTON, {"label": "Do", "url": "https://a.example/"}])
    refused("card.actions[0].key", actions=[link | {"key": " "}])
