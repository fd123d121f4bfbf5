"""Hides how many entries and outcomes become few statements: all are judged first, then written together."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from ensue.domain.delivery import WEBHOOK, Delivery, Entry, Outcome
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes, Decision, Plan, Receipt, Verdict
from ensue.store.sql import (
    DELIVERED,
    INSERT_ATTEMPT,
    INSERT_DELIVERY,
    INSERT_EVENT,
    INSERT_STAGED,
    NUMBERS,
    PENDING,
    SETTLE,
    Many,
    attempt_row,
    chunks,
    delivery_row,
    event_row,
    settled_row,
)
from ensue.store.sqlite import documents
from ensue.store.sqlite.driver import integers, strings
from ensue.store.sqlite.promises import key_of, pack
from ensue.store.sqlite.recent import Kept
from ensue.store.sqlite.streaks import Hearing
from ensue.store.sqlite.tallies import add_deliveries, ended
from ensue.store.sqlite.threads import Joins
from ensue.store.sqlite.turn import Turn

STATES_OF: Final = (
    "SELECT d.id, d.number, d.claim, d.state = 0 AND d.claimed_until IS NOT NULL FROM carray(?) w "
    "CROSS JOIN delivery d ON d.id = w.value"
)
UNSTAGE: Final = "DELETE FROM staged WHERE delivery IN (SELECT value FROM carray(?))"

OVERTAKEN: Final = EnsueError("unavailable", "The rules changed while this was tried again; repeat it.", retry_after=1)


class Append:
    """An append that waits: its plan, what it planned, and a receipt for each entry."""

    def __init__(self, plan: Plan) -> None:
        self._plan: Plan | None = plan
        self._rules = 0
        self.entries: Sequence[Entry] = ()
        self.answer: Sequence[Receipt] = ()

    def run(self, changes: Changes, rules: int) -> None:
        """Call the plan, at most once; EnsueError `unavailable` when the rules are not those of that call any more."""
        if self._plan is not None:
            plan, self._plan, self._rules = self._plan, None, rules
            self.entries = plan(changes)
        elif rules != self._rules:
            raise OVERTAKEN


class Settle:
    """A settle that waits: its decision, what it decided, and a verdict for each outcome."""

    def __init__(self, decision: Decision) -> None:
        self._decision: Decision | None = decision
        self._rules = 0
        self.outcomes: Sequence[Outcome] = ()
        self.answer: Sequence[Verdict] = ()

    def run(self, changes: Changes, rules: int) -> None:
        """Call the decision, at most once; EnsueError as for `Append.run`."""
        if self._decision is not None:
            decision, self._decision, self._rules = self._decision, None, rules
            self.outcomes = decision(changes)
        elif rules != self._rules:
            raise OVERTAKEN


Planned = Append | Settle


class Standing(NamedTuple):
    """How a delivery stands: its row, its fence, and whether somebody holds it."""

    number: int
    claim: int
    held: bool


class Commit:
    """What one transaction appends and settles."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._kept: dict[bytes, Kept] = {}
        self._fresh: dict[bytes, Kept] = {}
        self._keys: dict[int, list[bytes]] = {}
        self._standing: dict[str, Standing] = {}
        self._events: list[Any] = []
        self._joins = Joins(turn, self._events)
        self._deliveries: list[Any] = []
        self._staged: list[Any] = []
        self._settled: list[Any] = []
        self._attempts: list[Any] = []
        self._arrived: list[int] = []
        self._ended: list[Delivery] = []
        self._hearing = Hearing(turn)

    def write(self, works: Iterable[Planned]) -> None:
        """Judge and write all; each work gets its answer."""
        works = list(works)
        outcomes = [outcome for work in works if isinstance(work, Settle) for outcome in work.outcomes]
        entries = [entry for work in works if isinstance(work, Append) for entry in work.entries]
        self._look_up([*entries, *(entry for outcome in outcomes for entry in outcome.emits)], outcomes)
        for work in works:
            if isinstance(work, Append):
                work.answer = [self._append(entry) for entry in work.entries]
            else:
                work.answer = [self._settle(outcome) for outcome in work.outcomes]
        self._flush()
        self._turn.news = self._turn.news or bool(entries or outcomes)

    def _look_up(self, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> None:
        self._joins.look_up(entries)
        promising = [entry for entry in entries if entry.once]
        if promising:
            for entry in promising:
                self._keys[id(entry)] = [key_of(entry.event.project, once) for once in entry.once]
            keys = {key for keys in self._keys.values() for key in keys}
            self._kept = self._turn.promises.find(keys, min(entry.event.received_at for entry in promising))
        if outcomes:
            ids = strings({outcome.delivery.id for outcome in outcomes})
            for delivery_id, *standing in self._turn.execute(STATES_OF, (ids,)):
                self._standing[delivery_id] = Standing(*standing)

    def _append(self, entry: Entry) -> Receipt:
        refused = self._repeat(entry) if entry.once else None
        if refused is None and entry.puts:
            changed = self._changed(entry.puts)
            if changed is None:
                return Receipt("conflict", entry.event.id)
            documents.write(self._turn, changed)
        return refused or self._store(entry)

    def _repeat(self, entry: Entry) -> Receipt | None:
        """The receipt of an entry that was promised before."""
        event = entry.event
        for key, once in zip(self._keys.get(id(entry), ()), entry.once, strict=True):
            kept = self._fresh.get(key) or self._kept.get(key)
            if kept is not None and kept.holds(event.received_at):
                differs = once.body and kept.body and once.body != kept.body
                return Receipt("mismatch" if differs else "duplicate", kept.event_id)
        return None

    def _changed(self, puts: Sequence[Put]) -> Sequence[Document] | None:
        try:
            return documents.changed(self._turn, puts)
        except EnsueError:
            return None

    def _store(self, entry: Entry) -> Receipt:
        event, turn = entry.event, self._turn
        keys: list[bytes] = []
        if entry.once:
            keys = self._keys[id(entry)]
            for key, once in zip(keys, entry.once, strict=True):
                self._fresh[key] = Kept(event.id, once.body, event.received_at)
        for delivery in entry.deliveries:
            self._owe(delivery, keys if entry.staged else ())
        if entry.staged:
            return Receipt("stored", event.id)
        turn.cursor += 1
        context = event.context
        aside = event.is_own if context is None else self._joins.join(event, context.id, turn.cursor)
        self._events += event_row(turn.cursor, event, aside=aside)
        return Receipt("stored", event.id, turn.text(turn.cursor))

    def _owe(self, delivery: Delivery, keys: Sequence[bytes] = ()) -> None:
        turn = self._turn
        turn.number += 1
        self._deliveries += delivery_row(turn.number, delivery)
        if delivery.kind != WEBHOOK:
            self._staged += (turn.number, bytes(delivery.payload), pack(keys))

    def _settle(self, outcome: Outcome) -> Verdict:
        delivery = outcome.delivery
        standing = self._standing.get(delivery.id)
        if standing is None or not standing.held or standing.claim != delivery.claim:
            if standing is not None and outcome.attempt is not None:
                self._attempts += attempt_row(standing.number, replace(outcome.attempt, late=True))
            return "late"
        emits = outcome.emits
        if outcome.puts or any(emit.puts for emit in emits):
            emits = tuple(emit for emit in emits if self._repeat(emit) is None)
            changed = self._changed([*outcome.puts, *(put for emit in emits for put in emit.puts)])
            if changed is None:
                return "conflict"
            documents.write(self._turn, changed)
        self._change(standing, delivery)
        if outcome.heard is not None:
            self._hearing.hear(outcome.heard)
        if outcome.attempt is not None:
            self._attempts += attempt_row(standing.number, outcome.attempt)
        for following in outcome.next:
            self._owe(following)
        for emit in emits:
            if self._repeat(emit) is None:
                self._store(emit)
        return "accepted"

    def _change(self, standing: Standing, delivery: Delivery) -> None:
        state = NUMBERS[delivery.state]
        if state != PENDING:
            self._ended.append(delivery)
        self._standing[delivery.id] = standing._replace(held=False)
        self._settled += settled_row(standing.number, delivery)
        if state == DELIVERED and delivery.kind != WEBHOOK:
            self._arrived.append(standing.number)

    def _flush(self) -> None:
        self._write(INSERT_EVENT, self._events)
        self._joins.flush()
        self._write(SETTLE, self._settled)
        self._write(INSERT_DELIVERY, self._deliveries)
        self._write(INSERT_STAGED, self._staged)
        self._write(INSERT_ATTEMPT, self._attempts)
        self._hearing.flush()
        if self._ended:
            add_deliveries(self._turn.execute, ended(self._ended))
        if self._arrived:
            self._turn.execute(UNSTAGE, (integers(self._arrived),))
        if self._fresh:
            self._turn.promises.keep(self._fresh.items())

    def _write(self, statement: Many, values: list[Any]) -> None:
        self._turn.rows += len(values) // statement[1]
        for text, part in chunks(statement, values):
            self._turn.execute(text, part)
