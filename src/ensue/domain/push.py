"""Hides who is told of an event by push, and what a push says: a preview, never the whole event.

A device is one browser of one person. It is told of an event whose card asks for it (`notify`) in each project that its
owner is a member of, unless they said otherwise there: for all of the project, or for some categories.
"""

import base64
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from ensue.domain import ids
from ensue.domain.delivery import Delivery, Retry
from ensue.domain.document import Document
from ensue.domain.event import Action, Card, Event
from ensue.domain.member import LEAST, MEMBERS, Seats, members_of, reaches
from ensue.domain.press import expires_at

WEBPUSH: Final = "webpush"
"""The kind of debt: one push to one device."""
PUSH_MARK: Final = f"@{WEBPUSH}"
"""How the lane of a device ends; its id comes before."""

DEVICE: Final = "device"
"""The kind of document that keeps a device; its `project` is the account, so that these are listed at once."""
WISHES: Final = "push_wishes"
"""The kind of document that keeps what a member wants of a project; its id is the account."""
KINDS: Final = frozenset({DEVICE, WISHES, MEMBERS})

RETRY: Final = Retry(attempts=6, schedule=(5, 30, 300, 1800, 3600))
"""How often a push is tried. What is an hour and a half late is news no more."""
KEPT: Final = 86_400
"""Seconds for which the push service keeps a push for a device that is off (`TTL`)."""

MAX_DEVICES: Final = 20
MAX_NAME: Final = 100
MAX_ENDPOINT: Final = 2_048
MAX_MUTED: Final = 200

_TITLE: Final = 120
_BODY: Final = 240
"""Characters; with both full of the most costly ones, a push stays below 3 KB."""
_BYTES: Final = 3_000
MAX_BUTTONS: Final = 2
"""So many buttons a notification has; browsers show no more."""


class Device(Struct, frozen=True, kw_only=True):
    """One browser that asked for pushes. `key` (65 bytes, an uncompressed point of P-256) and `secret` (16 bytes) are
    what its browser made, in base64url, the latter sealed. `session` is the login by which it asked, `since` when it
    gave this address (ms)."""

    id: str
    account: str
    name: str
    endpoint: str
    key: str
    secret: str
    created_at: int
    session: str = ""
    since: int = 0


class Wishes(Struct, frozen=True):
    """What a member wants of one project: pushes at all, and of which categories none."""

    push: bool = True
    muted: tuple[str, ...] = ()

    def wants(self, category: str | None) -> bool:
        """Whether they want to hear of an event of this category."""
        return self.push and category not in self.muted


class Listener(Struct, frozen=True):
    """A device that is to hear of a project, what its owner wants of it, and whether they may press buttons there."""

    device: str
    wishes: Wishes
    presses: bool = False


Listeners = Callable[[str], Sequence[Listener]]
"""Who listens to a project (its id)."""


def nobody(_project: str) -> Sequence[Listener]:
    """No listener at all."""
    return ()


def device_alias(endpoint: str) -> str:
    """The name by which a device is found: one browser is one device, whoever uses it."""
    return sha256(endpoint.encode()).hexdigest()


def device_document(device: Device) -> Document:
    """The document that keeps a device."""
    body = msgspec.json.encode(device)
    return Document(kind=DEVICE, project=device.account, id=device.id, body=body, alias=device_alias(device.endpoint))


def device_of(document: Document) -> Device:
    """The device that a document keeps."""
    return msgspec.json.decode(document.body, type=Device)


def device_gone(device: Device) -> Document:
    """What removes a device."""
    return Document(kind=DEVICE, project=device.account, id=device.id, body=b"")


def wishes_document(project: str, account: str, wishes: Wishes) -> Document:
    """The document that keeps what a member wants."""
    return Document(kind=WISHES, project=project, id=account, body=msgspec.json.encode(wishes))


def wishes_of(document: Document | None) -> Wishes:
    """What a member wants; pushes of everything, unless they said otherwise."""
    return Wishes() if document is None or document.deleted else msgspec.json.decode(document.body, type=Wishes)


class Audience:
    """Who listens, learned from documents. Values are replaced and never changed, so that readers need no lock."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self._owned: dict[str, tuple[str, ...]] = {}
        self._seats: dict[str, Seats] = {}
        self._wishes: dict[tuple[str, str], Wishes] = {}
        self._listeners: dict[str, Sequence[Listener]] = {}

    def learn(self, document: Document) -> None:
        """Take in a change of one of `KINDS`."""
        self._listeners = {}
        if document.kind == MEMBERS:
            self._seats[document.project] = members_of(document)
        elif document.kind == WISHES:
            self._wishes[document.project, document.id] = wishes_of(document)
        else:
            self._learn_device(document)

    def _learn_device(self, document: Document) -> None:
        others = tuple(one for one in self._owned.get(document.project, ()) if one != document.id)
        if document.deleted:
            self.devices.pop(document.id, None)
            self._owned[document.project] = others
        else:
            self.devices[document.id] = device_of(document)
            self._owned[document.project] = (*others, document.id)

    def known(self, project: str) -> Sequence[Listener] | None:
        """Who listens to a project, where that was worked out since the last change."""
        return self._listeners.get(project)

    def work_out(self, project: str) -> Sequence[Listener]:
        """Who listens to a project; remembered."""
        taken = self._seats.get(project, Seats()).taken if self.devices else {}
        found = tuple(
            Listener(device, wishes, reaches(seat.role, LEAST["actions:run"][1]))
            for one, seat in taken.items()
            if (wishes := self._wishes.get((project, one), Wishes())).push
            for device in self._owned.get(one, ())
        )
        self._listeners[project] = found
        return found


def pushes(event: Event, listeners: Listeners, now: int) -> tuple[Delivery, ...]:
    """One delivery for each device that is to hear of `event`; none unless its card asks for it, and never of a
    test."""
    card = event.card
    if card is None or not card.notify or card.test:
        return ()
    return tuple(
        Delivery(
            id=ids.prefixed_id("dlv_", now),
            project=event.project,
            event_id=event.id,
            kind=WEBPUSH,
            lane=listener.device + PUSH_MARK,
            created_at=now,
            due_at=now,
        )
        for listener in listeners(event.project)
        if listener.wishes.wants(card.category)
    )


def device_in(lane: str) -> str:
    """The id of the device whose lane this is."""
    return lane.removesuffix(PUSH_MARK)


def topic(event: Event) -> str | None:
    """What a later push of the same story replaces (RFC 8030, section 5.4: up to 32 characters of base64url); None for
    an event without a context."""
    if event.context is None:
        return None
    digest = sha256(f"{event.project}\n{event.context.id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode("ascii")


def offered(event: Event, now: int) -> tuple[Action, ...]:
    """The buttons that a push has: the first that can be pressed, not links, which lead elsewhere."""
    actions = event.card.actions if event.card is not None else ()
    able = (one for one in actions if not one.external and not 0 < (expires_at(event, one) or 0) <= now)
    return tuple(able)[:MAX_BUTTONS]


def notification(event: Event, page: str, buttons: Sequence[tuple[str, str]] = ()) -> bytes:
    """What a push says, as Declarative Web Push writes it, so that browsers show it without a script; below 3 KB.

    `page` is the address that opens the event; `buttons` are labels, each with the address of the page that asks before
    it is pressed. They are left out where they would not fit.
    """
    card = event.card or Card()
    shown: dict[str, Any] = {
        "title": _cut(card.title or event.type, _TITLE),
        "body": _cut(_preview(card), _BODY),
        "navigate": page,
        "tag": topic(event) or event.id,
    }
    said = {"web_push": 8030, "notification": shown, "event": event.id}
    actions = [
        {"action": str(number), "title": label, "navigate": asks} for number, (label, asks) in enumerate(buttons)
    ]
    whole = msgspec.json.encode(said | {"notification": shown | {"actions": actions}}) if actions else b""
    return whole if 0 < len(whole) < _BYTES else msgspec.json.encode(said)


def _preview(card: Card) -> str:
    content = card.content
    if content is None or content.type in {"image", "json"}:
        return card.category or ""
    value: Any = msgspec.json.decode(content.value)
    if isinstance(value, str):
        return value
    return " · ".join(_row(row) for row in value[:6])


def _row(row: Any) -> str:
    """One row as text: what is nested in it is left to the page."""
    cells = list(row.values()) if isinstance(row, dict) else row if isinstance(row, list) else [row]
    return ": ".join(str(cell) for cell in cells[:4] if isinstance(cell, str | int | float))


def _cut(text: str, most: int) -> str:
    text = " ".join(text[: 4 * most].split())
    return text if len(text) <= most else text[: most - 1] + "…"
