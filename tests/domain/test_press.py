"""What pressing a button means (design sections 1 and 9): when it is refused, what is owed and told, what is sent."""

from contextlib import nullcontext
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from ensue.domain.delivery import Exchange, Failed, Sent, decide, record
from ensue.domain.delivery import Retry as Policy
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, Action, Card, Context, Event
from ensue.domain.press import (
    DONE,
    FAILED,
    PRESSED,
    Button,
    Presser,
    action_body,
    action_of,
    button_id,
    button_of,
    expires_at,
    is_choice,
    press_of,
    pressing,
    refuse_press,
    refuse_rival,
    resolved,
    rivals,
    standing_ids,
    told,
)

NOW = 1_800_000_000_000
ANNA = Presser("key_1", "Anna")
BAN = Action(key="ban", label="Ban", url="https://shop.example:8443/x?secret=1", meta=Raw(b'{"id": 1}'))
LINK = Action(key="link", label="Open", url="https://a.example/", external=True)


def card(**fields: Any) -> Event:
    """An event that shows two buttons."""
    given: dict[str, Any] = {"time": NOW, "card": Card(title="A user", actions=(BAN, LINK))} | fields
    return Event(id="01a3", project="prj_1", type="user.flagged", received_at=NOW, **given)


def stood(state: Any) -> Button:
    """A button that was pressed."""
    return Button(state=state, at=NOW, by=ANNA, delivery="dlv_1")


@pytest.mark.parametrize(
    ("state", "repeat", "refused"),
    [
        (None, False, False),
        ("running", False, True),
        ("running", True, True),
        ("done", False, True),
        ("done", True, False),
        ("failed", False, False),
    ],
)
def test_when_a_press_is_refused(state: str | None, repeat: bool, refused: bool) -> None:  # noqa: FBT001 - a case
    """While it runs, and when it is done unless it repeats."""
    action = msgspec.structs.replace(BAN, repeat=repeat)
    button = None if state is None else stood(state)
    with pytest.raises(EnsueError, match=r"'ban' is (running|done)") if refused else nullcontext():
        refuse_press(card(), action, button, NOW)


@pytest.mark.parametrize("time", [NOW - 5, NOW + 90_000])
@pytest.mark.parametrize(("due_at", "until"), [(None, NOW + 1_500), (NOW + 9_000, NOW + 10_500)])
def test_expiry(time: int, due_at: int | None, until: int) -> None:
    """Counted from acceptance; of a scheduled event from when it is due, whatever time it tells of. Nobody presses at
    that moment."""
    event, action = card(time=time, due_at=due_at), msgspec.structs.replace(BAN, expires_in=1.5)
    assert (expires_at(event, action), expires_at(event, BAN)) == (until, None)
    refuse_press(event, action, None, until - 1)
    with pytest.raises(EnsueError, match="expired"):
        refuse_press(event, action, None, until)


@pytest.mark.parametrize(("key", "code"), [("link", "conflict"), ("none", "not_found")])
def test_what_is_no_button(key: str, code: str) -> None:
    """Links are not pressed, and what is not there is not found."""
    with pytest.raises(EnsueError) as refusal:
        action_of(card(), key)
    assert refusal.value.code == code
    with pytest.raises(EnsueError):
        action_of(card(card=None), "ban")


GOOD = Action(key="approve", label="Approve", url="https://shop.example/", group="verdict")
POOR = msgspec.structs.replace(GOOD, key="reject", label="Reject")


@pytest.mark.parametrize(
    ("state", "refused"), [(None, None), ("failed", None), ("running", "running"), ("done", "chosen")]
)
def test_of_a_group_one_is_chosen(state: str | None, refused: str | None) -> None:
    """While another of it runs, and once that is done, none is pressed; what failed was not chosen."""
    event = card(card=Card(actions=(BAN, GOOD, POOR)))
    assert (rivals(event, POOR), rivals(event, BAN)) == ((GOOD,), ())
    button = None if state is None else stood(state)
    with pytest.raises(EnsueError, match=f"'reject' .*'approve' .*{refused}") if refused else nullcontext():
        refuse_rival(POOR, GOOD, button)


def test_a_press_of_a_group_changes_what_all_of_it_must_know() -> None:
    """Its own document, and the one that every press of the group expects as it was read."""
    event = card(card=Card(actions=(BAN, GOOD, POOR)))
    assert standing_ids(event, BAN) == ["01a3/ban"]
    own, rival, choice = standing_ids(event, POOR)
    assert (own, rival) == ("01a3/reject", "01a3/approve")
    made = pressing(event, POOR, ANNA, NOW, source="urn:x", revisions={choice: 7})
    assert [(put.document.id, put.expected) for put in made.puts] == [(own, 0), (choice, 7)]
    assert [is_choice(put.document) for put in made.puts] == [False, True]


def test_what_a_press_owes() -> None:
    """One debt, tried once, in the lane of project and host; the button runs; nothing of the URL is told."""
    event = card(context=Context("job"), tenant="acme", subject="u1")
    made = pressing(event, BAN, ANNA, NOW + 1, source="urn:x", revisions={button_id("01a3", "ban"): 3})
    delivery = made.delivery
    assert (delivery.kind, delivery.trigger, delivery.allowed, delivery.event_id) == ("action", None, 1, "01a3")
    assert (delivery.lane, delivery.due_at, delivery.project) == ("prj_1|shop.example@action", NOW + 1, "prj_1")
    (put,) = made.puts
    assert (put.expected, put.document.id) == (3, button_id("01a3", "ban"))
    assert button_of(put.document) == Button(state="running", at=NOW + 1, by=ANNA, delivery=delivery.id)
    assert (made.event.type, made.event.subject, made.event.tenant) == (PRESSED, "01a3", "acme")
    assert (made.event.context, made.event.is_own, made.event.is_test) == (Context("job"), True, False)
    assert b"secret" not in msgspec.json.encode(made.event)
    assert made.shown_by is event


@pytest.mark.parametrize(
    ("result", "kind", "status", "reason"),
    [
        (Sent(Exchange(method="POST", url="u", status=200)), DONE, 200, None),
        (Failed("status 500", Exchange(method="POST", url="u", status=500)), FAILED, 500, "status 500"),
        (Failed("timeout: 10 s", Exchange(method="POST", url="u")), FAILED, None, "timeout: 10 s"),
    ],
)
def test_what_came_of_it(result: Any, kind: str, status: int | None, reason: str | None) -> None:
    """One try decides; the event says what the button says."""
    delivery = pressing(card(), BAN, ANNA, NOW, source="urn:x", revisions={}).delivery
    settled = decide(delivery, result, Policy(), NOW + 5, 0.5)
    press = press_of(settled)
    button = resolved(settled, press, record(delivery, result, NOW, NOW + 5))
    assert (button.state, button.status, button.reason, button.at) == (kind.rpartition(".")[2], status, reason, NOW + 5)
    data = msgspec.json.decode(told(kind, press, settled, NOW + 5, "urn:x", button).data)
    assert (data.get("status"), data.get("reason"), data["delivery"]) == (status, reason, delivery.id)
    assert data["by"] == {"id": "key_1", "name": "Anna"}


@pytest.mark.parametrize(
    ("meta", "read"), [(Raw(b'"text"'), "text"), (Raw(b"[1, 2]"), [1, 2]), (EMPTY, None), (Raw(b"null"), None)]
)
def test_the_body_serves_all(meta: Raw, read: Any) -> None:
    """`data` and `meta` are the button's meta, whatever JSON it is, null without one; the name is the title or type."""
    action = msgspec.structs.replace(BAN, meta=meta)
    event = card(card=Card(actions=(action,)), time=0)
    press = press_of(pressing(event, action, Presser("key_1"), NOW, source="", revisions={}).delivery)
    body = msgspec.json.decode(action_body(event, press))
    assert list(body) == ["actionType", "data", "action", "event", "pressedBy"]
    assert body["data"] == body["action"]["meta"] == body["event"]["meta"] == read
    assert body["actionType"] == body["action"]["type"] == body["action"]["key"] == body["event"]["key"] == "ban"
    assert (body["event"]["name"], body["event"]["userId"]) == ("user.flagged", None)
    assert (body["event"]["createdAt"], body["pressedBy"]) == ("1970-01-01T00:00:00.000Z", {"id": "key_1", "name": ""})
