"""Hides what pressing a button means: whether it may be pressed, what is owed then, and what came of it.

A press is an event `ensue.action.pressed` with one debt, to the URL of the button, tried once. How the button stands is
a document, changed in the commit of the press and in that of its outcome (design sections 1 and 9).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Raw, Struct

from ensue.domain import ids
from ensue.domain.delivery import ACTION, Attempt, Delivery
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Action, Card, Context, Event
from ensue.domain.schedule import format_time

PRESSED: Final = "ensue.action.pressed"
DONE: Final = "ensue.action.done"
FAILED: Final = "ensue.action.failed"

ACTION_MARK: Final = f"@{ACTION}"
"""How the lane of the actions of one project to one host ends."""

TIMEOUT_MS: Final = 10_000
"""How long the receiver of a pressed button has (design section 9)."""

BUTTON: Final = "action"
"""The kind of the documents that say how buttons stand."""

_NULL: Final = Raw(b"null")


class Presser(Struct, frozen=True, omit_defaults=True):
    """Who pressed: the id and the name of a key, or of a member."""

    id: str
    name: str = ""


class Press(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One press, as its delivery carries it: which button of which event, who, when (ms), and what the events about it
    take from that event, which may be gone when they are told."""

    event: str
    key: str
    label: str
    by: Presser
    at: int
    context: str
    tenant: str | None = None
    test: bool = False


class Button(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a button stands that was pressed: running since `at` (ms), or done or failed then; `delivery` is its debt.

    `status` is what the receiver answered, if it did, `duration_ms` how long it took, `reason` why it failed.
    """

    state: Literal["running", "done", "failed"]
    at: int
    by: Presser
    delivery: str
    status: int | None = None
    duration_ms: int | None = None
    reason: str | None = None


class Choice(Struct, frozen=True):
    """Which button of a group was pressed last, and its debt. That it changes with every press of the group is what
    keeps two of them from being pressed at once."""

    key: str
    delivery: str


class Pressing(Struct, frozen=True, kw_only=True):
    """A press that is to be stored: its event, its debt, how the button (and its group) stands then, and the event that
    shows it."""

    event: Event
    delivery: Delivery
    puts: tuple[Put, ...]
    shown_by: Event


def action_of(event: Event, key: str) -> Action:
    """The button of that key. EnsueError `not_found`, `conflict` for a link, which nobody presses here."""
    actions = event.card.actions if event.card is not None else ()
    found = next((action for action in actions if action.key == key), None)
    if found is None:
        raise EnsueError("not_found", f"There is no action {key[:80]!r} on the event '{event.id}'.")
    if found.external:
        raise EnsueError("conflict", f"The action {key[:80]!r} is a link; open its URL instead of pressing it.")
    return found


def expires_at(event: Event, action: Action) -> int | None:
    """When a button cannot be pressed any more (ms); None for never.

    It is counted from acceptance; of a scheduled event from when it was due, since nobody sees its card until then.
    """
    if action.expires_in is None:
        return None
    return event.happened_at + round(action.expires_in * 1000)


def rivals(event: Event, action: Action) -> tuple[Action, ...]:
    """The other buttons of its group."""
    if action.group is None or event.card is None:
        return ()
    return tuple(one for one in event.card.actions if one.group == action.group and one.key != action.key)


def refuse_rival(action: Action, rival: Action, button: Button | None) -> None:
    """Refuse a press of `action` while another of its group runs, and once that was chosen: EnsueError `conflict`."""
    if button is None or button.state == "failed":
        return
    stands = "is running" if button.state == "running" else "was chosen"
    names = f"The action {action.key[:80]!r} cannot be pressed: {rival.key[:80]!r} of the same group"
    raise EnsueError("conflict", f"{names} {stands}.")


def refuse_press(event: Event, action: Action, button: Button | None, now: int) -> None:
    """Refuse a press of a button that is running, finished or expired: EnsueError `conflict`."""
    name = repr(action.key[:80])
    if button is not None and button.state == "running":
        raise EnsueError("conflict", f"The action {name} is running; wait for what comes of it.")
    if button is not None and button.state == "done" and not action.repeat:
        raise EnsueError("conflict", f"The action {name} is done; it can be pressed once.")
    until = expires_at(event, action)
    if until is not None and now >= until:
        raise EnsueError("conflict", f"The action {name} expired at {format_time(until)}.")


def pressing(
    event: Event, action: Action, by: Presser, now: int, *, source: str, revisions: Mapping[str, int]
) -> Pressing:
    """What follows of pressing `action` now; `revisions` are those of the documents in `standing_ids` that exist."""
    press = Press(
        event=event.id,
        key=action.key,
        label=action.label,
        by=by,
        at=now,
        context=event.context.id if event.context is not None else event.id,
        tenant=event.tenant,
        test=event.is_test,
    )
    delivery = Delivery(
        id=ids.prefixed_id("dlv_", now),
        project=event.project,
        event_id=event.id,
        kind=ACTION,
        lane=f"{event.project}|{urlsplit(action.url).hostname or ''}{ACTION_MARK}",
        created_at=now,
        due_at=now,
        allowed=1,
        payload=Raw(msgspec.json.encode(press)),
    )
    documents = [button_document(event.project, press, resolved(delivery, press, None))]
    if action.group is not None:
        documents.append(_choice_document(event, action.group, Choice(action.key, delivery.id)))
    return Pressing(
        event=told(PRESSED, press, delivery, now, source),
        delivery=delivery,
        puts=tuple(Put(document=document, expected=revisions.get(document.id, 0)) for document in documents),
        shown_by=event,
    )


def press_of(delivery: Delivery) -> Press:
    """The press that a delivery is owed for."""
    return msgspec.json.decode(delivery.payload, type=Press)


def resolved(delivery: Delivery, press: Press, attempt: Attempt | None) -> Button:
    """What came of a press, by its delivery and the last attempt of that: running until it has ended."""
    if delivery.ended_at is None:
        return Button(state="running", at=press.at, by=press.by, delivery=delivery.id)
    exchange = attempt.exchange if attempt is not None else None
    return Button(
        state="done" if delivery.state == "delivered" else "failed",
        at=delivery.ended_at,
        by=press.by,
        delivery=delivery.id,
        status=exchange.status if exchange is not None else None,
        duration_ms=attempt.duration_ms if attempt is not None else None,
        reason=delivery.reason,
    )


def told(kind: str, press: Press, delivery: Delivery, now: int, source: str, button: Button | None = None) -> Event:
    """The platform's own event about a press, in the context of the card, with what came of it in `button`."""
    data: dict[str, Any] = {
        "event": press.event,
        "action": press.key,
        "label": press.label,
        "by": press.by,
        "at": format_time(press.at),
        "delivery": delivery.id,
    }
    if button is not None:
        came = {"status": button.status, "duration_ms": button.duration_ms, "reason": button.reason}
        data |= {name: value for name, value in came.items() if value is not None}
    return Event(
        id=ids.event_id(now),
        project=delivery.project,
        type=kind,
        time=now,
        received_at=now,
        subject=press.event,
        source=source,
        tenant=press.tenant,
        data=Raw(msgspec.json.encode(data)),
        content_type="application/json",
        context=Context(press.context),
        card=Card(test=True) if press.test else None,
    )


def action_body(event: Event, press: Press) -> bytes:
    """What the receiver of a pressed button gets: one body for all who were written for Operational (design 9)."""
    meta = action_of(event, press.key).meta or _NULL
    name = event.card.title if event.card is not None else None
    body = {
        "actionType": press.key,
        "data": meta,
        "action": {"type": press.key, "key": press.key, "meta": meta},
        "event": {
            "id": event.id,
            "name": name or event.type,
            "userId": event.subject,
            "key": press.key,
            "meta": meta,
            "createdAt": format_time(event.time),
        },
        "pressedBy": {"id": press.by.id, "name": press.by.name},
    }
    return msgspec.json.encode(body)


def press_page(event_id: str, key: str, project: str = "") -> str:
    """The path of the page that asks before a button is pressed, and works without script; `project` is the slug."""
    path = f"/events/{quote(event_id, safe='')}/actions/{quote(key, safe='')}"
    return f"{path}?project={quote(project, safe='')}" if project else path


def button_id(event_id: str, key: str) -> str:
    """The id of a button's document; event ids hold no slash, so no two buttons share one."""
    return f"{event_id}/{key}"


def choice_id(event_id: str, group: str) -> str:
    """The id of a group's document, among those of the buttons: keys are trimmed, so that none begins with a space."""
    return f"{event_id}/ {group}"


def is_choice(document: Document) -> bool:
    """Whether a document is that of a group."""
    return document.id.partition("/")[2].startswith(" ")


def standing_ids(event: Event, action: Action) -> list[str]:
    """The ids of all documents that say whether `action` can be pressed: its own, its rivals', its group's."""
    own = [button_id(event.id, one.key) for one in (action, *rivals(event, action))]
    return own if action.group is None else [*own, choice_id(event.id, action.group)]


def _choice_document(event: Event, group: str, choice: Choice) -> Document:
    body = msgspec.json.encode(choice)
    return Document(kind=BUTTON, project=event.project, id=choice_id(event.id, group), body=body)


def button_document(project: str, press: Press, button: Button) -> Document:
    """The document that says how a button stands."""
    return Document(
        kind=BUTTON, project=project, id=button_id(press.event, press.key), body=msgspec.json.encode(button)
    )


def button_of(document: Document) -> Button:
    """How a button stands, as its document says."""
    return msgspec.json.decode(document.body, type=Button)
