"""Hides what a memory store keeps, and how it judges repeats, revisions and queries."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from msgspec.structs import replace

from ensue.domain.delivery import Attempt, Delivery, Entry
from ensue.domain.document import RULES, Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, encode_event
from ensue.domain.finding import Sought, is_sought
from ensue.domain.intake import ONCE_FOR
from ensue.domain.pattern import matches
from ensue.domain.streak import Streak
from ensue.domain.thread import SHOWN, Standing, Thread, begun_by, context_of, inherited, joined, shown
from ensue.domain.words import are_in, event_words
from ensue.store.base import DeliveryQuery, EventQuery, Receipt, Selection

Name = tuple[str, str, str]
Key = tuple[str, bytes]


@dataclass
class State:
    """All that is kept. `promises`: the event, the hash of what was said, and when; `staged`: the promises of an event
    that is not in the log yet; `threads`: by project and context. The newest stands last in every dict."""

    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    cursor: int = 0
    floor: int = 0
    number: int = 0
    change: int = 0
    log: dict[int, Event] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    threads: dict[tuple[str, str], Standing] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    attempts: dict[str, dict[tuple[int, int, bool], Attempt]] = field(default_factory=dict)
    promises: dict[Key, tuple[str, bytes, int]] = field(default_factory=dict)
    staged: dict[str, list[Key]] = field(default_factory=dict)
    documents: dict[Name, Document] = field(default_factory=dict)
    streaks: dict[str, Streak] = field(default_factory=dict)

    def enter(self, event: Event, cursor: int) -> None:
        """Put an event into the log, and into the thread of its context."""
        if event.context is not None:
            name = (event.project, event.context.id)
            self.threads[name] = joined(self.threads.get(name) or self._begun(*name), event, cursor)
        self.log[cursor] = event
        self.cursors[event.id] = cursor

    def _begun(self, project: str, context: str) -> Standing:
        """A thread that nobody came into yet: perhaps it bears the id of an event."""
        cursor = self.cursors.get(context)
        event = None if cursor is None else self.log[cursor]
        if cursor is None or event is None or event.project != project or event.context is not None or event.is_own:
            return Standing()
        return begun_by(cursor)

    def forget(self, events: Sequence[Event]) -> None:
        """Take events out of the log and out of their threads."""
        for event in events:
            cursor = self.cursors.pop(event.id)
            del self.log[cursor]
            name = (event.project, context_of(event))
            thread = self.threads.get(name)
            if thread is None or (event.context is None and thread.root != cursor):
                continue
            lost_root = thread.root == cursor
            self.threads[name] = replace(thread, others=thread.others - (not lost_root))
            if lost_root:
                self._inherit(name, thread.others)
            if self.threads[name] == Standing():
                del self.threads[name]

    def _inherit(self, name: tuple[str, str], others: int) -> None:
        thread = Standing(others=others)
        heirs = ((n, one) for n, one in reversed(list(self._within(*name))) if not one.is_own)
        self.threads[name] = next((inherited(thread, one, n) for n, one in heirs), thread)

    def _within(self, project: str, context: str) -> Iterator[tuple[int, Event]]:
        """The events of a context, newest first."""
        for cursor, event in reversed(self.log.items()):
            if event.project == project and event.context is not None and event.context.id == context:
                yield cursor, event

    def thread(self, project: str, context: str) -> Thread:
        """A thread as it is seen."""
        standing = self.threads[project, context]
        others = (event for cursor, event in self._within(project, context) if cursor != standing.root)
        newest = [(event, len(encode_event(event))) for event in islice(others, SHOWN)]
        return Thread(None if standing.root is None else self.log[standing.root].id, standing.others, shown(newest))

    def in_feed(self, event: Event) -> bool:
        """Whether an event of the log is nobody's child, nor the platform's own."""
        if event.context is None or event.is_own:
            return not event.is_own
        return self.threads[event.project, event.context.id].root == self.cursors[event.id]

    def repeat(self, entry: Entry) -> Receipt | None:
        """The receipt of an entry that was promised before."""
        for once in entry.once:
            event_id, body, at = self.promises.get((entry.event.project, once.digest), ("", b"", 0))
            if event_id and at > entry.event.received_at - ONCE_FOR:
                differs = body and once.body and body != once.body
                return Receipt("mismatch" if differs else "duplicate", event_id)
        return None

    def keep(self, delivery: Delivery) -> None:
        """Keep a delivery as it is now; a new one gets the next number."""
        if delivery.id not in self.numbers:
            self.number += 1
            self.numbers[delivery.id] = self.number
        self.deliveries[delivery.id] = delivery

    def record(self, attempt: Attempt) -> None:
        """Keep an attempt; the same one twice is one."""
        kept = self.attempts.setdefault(attempt.delivery, {})
        kept.setdefault((attempt.claim, attempt.started_at, attempt.late), attempt)

    def free(self, delivery: Delivery) -> None:
        """Forget the promises of an event that will not be."""
        for key in self.staged.get(delivery.id, ()):
            if self.promises.get(key, ("",))[0] == delivery.event_id:
                del self.promises[key]

    def is_sought(self, delivery: Delivery, question: Sought | None) -> bool:
        """Whether a question about deliveries means this one; None means all."""
        if question is None:
            return True
        event = self.log.get(self.cursors.get(delivery.event_id, 0))
        body = encode_event(event) if event is not None and event.project == delivery.project else None
        return is_sought(question, delivery.trigger, delivery.reason, body)

    def changes(self, revision: int) -> Sequence[Document]:
        """The rules changed after `revision`, as `Changes`."""
        return sorted(
            (one for one in self.documents.values() if one.change > max(0, revision)), key=lambda one: one.change
        )

    def changed(self, puts: Sequence[Put]) -> Sequence[Document]:
        """The documents as they would be after `puts`, in order; EnsueError `conflict`."""
        after, done = dict(self.documents), list[Document]()
        for put in puts:
            wanted = put.document
            name = (wanted.kind, wanted.project, wanted.id)
            known = after.get(name)
            revision = 0 if known is None or known.deleted else known.revision
            if put.expected not in (None, revision):
                raise EnsueError(
                    "conflict", f"The {wanted.kind} '{wanted.id}' was changed meanwhile; read it again and repeat."
                )
            alias = wanted.alias if wanted.body else None
            others = (one for key, one in after.items() if key != name and one.kind == wanted.kind)
            if alias is not None and any(one.alias == alias for one in others):
                raise EnsueError("conflict", f"The {wanted.kind} name '{alias}' is taken; choose another.")
            there = bool(wanted.body) or revision > 0
            ordered = there and wanted.kind in RULES
            change = 1 + max([self.change, *(one.change for one in done)]) if ordered else 0
            done.append(replace(wanted, alias=alias, revision=revision + there, change=change))
            if there:
                after[name] = done[-1]
        return done

    def write(self, documents: Sequence[Document]) -> None:
        """Keep what `changed` returned; of what was deleted only the marks of rules."""
        for one in documents:
            name = (one.kind, one.project, one.id)
            if one.body or one.change:
                self.documents[name] = one
            elif one.revision:
                self.documents.pop(name, None)
            self.change = max(self.change, one.change)


def before(token: str | None) -> float:
    """The place below which a page begins."""
    return float("inf") if token is None else place_of(token)


def place_of(token: str) -> int:
    """The place that was told as text."""
    if not token.isdigit():
        raise EnsueError("invalid", "'next' is not one of ours; pass it on as it was given.", "next")
    return int(token)


def event_fits(event: Event, query: EventQuery) -> bool:
    """Whether a page of the log that was asked for shows the event."""
    return (
        event.project == query.project
        and (query.type is None or matches(query.type, event.type))
        and (query.without is None or not event.type.startswith(query.without))
        and query.subject in (None, event.subject)
        and query.category in (None, event.category)
        and query.context in (None, event.context.id if event.context is not None else None)
        and query.tenant in (None, event.tenant)
        and query.idempotency_key in (None, event.idempotency_key)
        and (query.since is None or event.time >= query.since)
        and (query.until is None or event.time < query.until)
        and query.test in (None, event.is_test)
        and query.muted in (None, event.card is not None and event.card.muted)
        and query.notify in (None, event.card is not None and event.card.notify)
        and query.actions in (None, event.has_actions)
        and query.avatar in (None, event.avatar)
        and (not query.words or are_in(query.words, event_words(encode_event(event))))
    )


def delivery_fits(delivery: Delivery, query: DeliveryQuery) -> bool:
    """Whether a page of deliveries that was asked for shows this one."""
    return (
        delivery.project == query.project
        and query.state in (None, delivery.state)
        and query.trigger in (None, delivery.trigger)
        and query.event_id in (None, delivery.event_id)
        and query.kind in (None, delivery.kind)
        and query.without != delivery.kind
        and query.replay in (None, delivery.replay)
        and (query.since is None or delivery.created_at >= query.since)
        and (query.until is None or delivery.created_at < query.until)
        and ended_within(delivery, query.ended_since, query.ended_until)
    )


def ended_within(delivery: Delivery, since: int | None, until: int | None) -> bool:
    """Whether it ended in that span; None is open, and where both are, it need not have ended."""
    if since is None and until is None:
        return True
    ended = delivery.ended_at
    return ended is not None and (since is None or ended >= since) and (until is None or ended < until)


def selected(delivery: Delivery, selection: Selection) -> bool:
    """Whether a bulk verb means the delivery."""
    return (
        delivery.project == selection.project
        and (selection.ids is None or delivery.id in selection.ids)
        and selection.lane in (None, delivery.lane)
        and selection.event_id in (None, delivery.event_id)
        and selection.replay in (None, delivery.replay)
        and (selection.created_before is None or delivery.created_at < selection.created_before)
    )
