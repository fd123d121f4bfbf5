"""Hides which event of a thread is its root, and how that changes as events come and go: as values.

A thread is all events of one context. An event without a context begins the one that bears its own id, as soon as
another event comes into it (the press of a button on a card, an answer). The root is the event that begins the thread,
or its first; one with `start` takes over from a root that said none, once. The platform's own events are never roots.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from ensue.domain.event import Event

SHOWN: Final = 20
SHOWN_BYTES: Final = 256 * 1024
"""So many of a thread's newest events are shown beside it, and fewer where these are larger together."""


class Thread(Struct, frozen=True):
    """A thread as it is seen: the id of its root (None: only the platform's own events are left), how many events it
    has besides, and the newest of these, oldest first."""

    root: str | None
    count: int
    events: Sequence[Event] = ()


class Standing(Struct, frozen=True, gc=False):
    """How a thread stands: the root's place in the log, whether it said `start` (or the thread bears its id), and how
    many events there are besides."""

    root: int | None = None
    started: bool = False
    others: int = 0


def context_of(event: Event) -> str:
    """The context that an event is in or, having none, would begin."""
    return event.id if event.context is None else event.context.id


def begun_by(place: int) -> Standing:
    """The thread of the event at `place`, which it bears the id of, before another event comes into it."""
    return Standing(root=place, started=True)


def joined(thread: Standing, event: Event, place: int) -> Standing:
    """The thread with `event` of its context, which enters the log at `place`."""
    starts = _starts(event)
    if not event.is_own and (thread.root is None or (starts and not thread.started)):
        return Standing(place, starts, thread.others + (thread.root is not None))
    return Standing(thread.root, thread.started, thread.others + 1)


def inherited(thread: Standing, event: Event, place: int) -> Standing:
    """The thread without a root, given the oldest event that is left and not the platform's own."""
    return Standing(place, _starts(event), thread.others - 1)


def _starts(event: Event) -> bool:
    return event.context is not None and event.context.start


def shown(newest: Sequence[tuple[Event, int]]) -> Sequence[Event]:
    """Those of the newest events (each with its size in bytes) that are shown, oldest first: at least one."""
    size, found = 0, list[Event]()
    for event, length in newest[:SHOWN]:
        size += length
        if found and size > SHOWN_BYTES:
            break
        found.append(event)
    return found[::-1]
