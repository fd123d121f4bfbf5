"""Hides what an event is: an immutable fact, CloudEvents-shaped, with the card that shows it (design section 3)."""

from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from ensue.domain.errors import EnsueError
from ensue.domain.pattern import RESERVED

EMPTY = Raw(b"")
"""The `data` of an event that has none."""

AttributeValue = str | int | bool
"""A CloudEvents extension attribute: string, integer or boolean."""


class Context(Struct, frozen=True, gc=False, omit_defaults=True):
    """The thread that events of one story share; `start` marks its first event."""

    id: str
    start: bool = False


class Content(Struct, frozen=True, gc=False):
    """What a card shows below its title. `value` is text, an array of rows, any JSON, or the URL of an image."""

    type: Literal["text", "rows", "json", "image"]
    value: Raw


class Action(Struct, frozen=True, gc=False, omit_defaults=True):
    """A button on a card. `expires_in` is seconds (`press.expires_at`); `meta` is any JSON, handed to the receiver.

    One without a `url` calls nobody: its press is done at once, and what follows is what triggers make of its events.

    `confirm` is asked before it is pressed; of those of one `group`, one is chosen.
    """

    key: str
    label: str
    url: str = ""
    external: bool = False
    expires_in: float | None = None
    meta: Raw = EMPTY
    repeat: bool = False
    style: str | None = None
    confirm: str | None = None
    group: str | None = None


class Card(Struct, frozen=True, gc=False, omit_defaults=True):
    """How the event looks in the feed. Limits are checked on the way in (`domain/intake.py`)."""

    title: str | None = None
    avatar: str | None = None
    category: str | None = None
    content: Content | None = None
    actions: tuple[Action, ...] = ()
    muted: bool = False
    notify: bool = False
    test: bool = False


class Event(Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One fact of one project. Times are milliseconds UTC.

    `data` is JSON text exactly as it was sent, or empty; `data_base64` stands in its place for bytes that are not text.
    `sender_id` is the id that the sender gave; `id` is always ours. `due_at` is when it was scheduled for, if it was;
    its `time` may be any other. `hops` counts the events this one descends from by answers and reports.
    """

    id: str
    project: str
    type: str
    time: int
    received_at: int
    due_at: int | None = None
    data: Raw = EMPTY
    data_base64: str | None = None
    content_type: str | None = None
    schema: str | None = None
    subject: str | None = None
    source: str | None = None
    sender_id: str | None = None
    tenant: str | None = None
    idempotency_key: str | None = None
    context: Context | None = None
    card: Card | None = None
    attributes: dict[str, AttributeValue] = {}
    hops: int = 0

    @property
    def happened_at(self) -> int:
        """When it came into the log (ms): at its acceptance, or when it was due. From then on it is kept."""
        return self.received_at if self.due_at is None else max(self.received_at, self.due_at)

    @property
    def category(self) -> str | None:
        """The card's category, for filters and indexes."""
        return self.card.category if self.card is not None else None

    @property
    def avatar(self) -> str | None:
        """The card's avatar."""
        return self.card.avatar if self.card is not None else None

    @property
    def is_test(self) -> bool:
        """Whether it was sent to try things out: it fires only triggers that ask for test events."""
        return self.card is not None and self.card.test

    @property
    def is_muted(self) -> bool:
        """Whether it is kept out of the feed until it is asked for."""
        return self.card is not None and self.card.muted

    @property
    def has_actions(self) -> bool:
        """Whether its card has buttons."""
        return self.card is not None and bool(self.card.actions)

    @property
    def is_own(self) -> bool:
        """Whether the platform itself speaks (invariant 8)."""
        return self.type.startswith(RESERVED)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """The form in which stores keep an event; only `decode_event` reads it."""
    return _encoder.encode(event)


def decode_event(body: bytes) -> Event:
    """The event that `encode_event` wrote, by this release or an earlier one."""
    return _decoder.decode(body)


def own_event(event_id: str, project: str, kind: str, data: Any, source: str, now: int) -> Event:
    """An event of the platform's own, of a type that begins with `ensue.`; `data` becomes JSON."""
    return Event(
        id=event_id,
        project=project,
        type=kind,
        time=now,
        received_at=now,
        source=source,
        data=Raw(msgspec.json.encode(data)),
        content_type="application/json",
    )


def refuse_reserved(kind: str) -> None:
    """Refuse a type that only the platform may speak; EnsueError `invalid`."""
    if kind.startswith(RESERVED):
        raise EnsueError("invalid", f"Types that begin with '{RESERVED}' are Ensue's own; choose another.", "type")
