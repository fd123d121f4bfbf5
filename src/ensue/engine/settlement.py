"""Hides how results become outcomes: decided in the writer's turn, many in one commit, refused where stale.

An outcome carries all that follows of a try: the delivery, its attempt, the events that it emits with the deliveries
these owe, and the documents that change (invariant 6).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import SCHEDULED, Delivery, Entry, Failed, Outcome, Result, Retry, decide, record
from ensue.domain.document import Put
from ensue.domain.event import Event, decode_event
from ensue.domain.intake import Intake
from ensue.domain.plan import plan
from ensue.domain.trigger import Trigger, trigger_document
from ensue.engine.clock import Clock
from ensue.engine.rules import Rules
from ensue.store.base import Changes, Store, Verdict, lanes_of
from ensue.telemetry import Telemetry

_log = logging.getLogger("ensue.engine")

_PAUSE: Final = 0.2
_MOST: Final = 1_000
"""Outcomes in one commit."""

Note = Callable[[dict[str, int]], None]
Done = Callable[[Outcome | None], None]


class Try(Struct, frozen=True):
    """One try that is over: the delivery as it was claimed, its event, the result, and when it began and ended (ms)."""

    delivery: Delivery
    event: Event | None
    result: Result
    began: int
    ended: int


class Settlement:
    """Collects tries that are over and commits their outcomes."""

    def __init__(self, store: Store, rules: Rules, clock: Clock, telemetry: Telemetry, source: str) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._telemetry = telemetry
        self._source = source
        self._waiting: list[tuple[Try, Done]] = []
        self._task: asyncio.Task[None] | None = None
        self._note: Note = lambda _lanes: None

    def on_debts(self, note: Note) -> None:
        """Whom to tell of lanes with something due after a commit."""
        self._note = note

    def add(self, trial: Try, done: Done) -> None:
        """Settle `trial` with the next commit, then call `done` with its outcome (None: it was late)."""
        self._waiting.append((trial, done))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def drained(self) -> None:
        """Return when nothing waits to be settled."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._commit(batch)
        finally:
            self._task = None

    async def _commit(self, batch: Sequence[tuple[Try, Done]]) -> None:
        """Commit `batch`; what cannot be kept now (disk full) is tried again until it can: the answers are known."""
        outcomes: list[Outcome] = []
        while True:
            try:
                verdicts = await self._store.settle(lambda changes: self._decide(batch, outcomes, changes))
            except Exception:
                _log.exception("%d outcomes could not be kept and are tried again", len(batch))
                await asyncio.sleep(_PAUSE)
            else:
                break
        self._conclude(batch, outcomes, verdicts)

    def _conclude(
        self, batch: Sequence[tuple[Try, Done]], outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]
    ) -> None:
        debts: list[Delivery] = []
        for (trial, done), outcome, verdict in zip(batch, outcomes, verdicts, strict=True):
            if verdict == "conflict":
                self._waiting.append((trial, done))
                continue
            self._telemetry.attempted(trial.delivery, trial.event, outcome, verdict)
            if verdict == "accepted":
                debts += (outcome.delivery, *outcome.next)
                debts += (delivery for entry in outcome.emits for delivery in entry.deliveries)
            done(outcome if verdict == "accepted" else None)
        self._note(lanes_of(debts))

    def _decide(self, batch: Sequence[tuple[Try, Done]], outcomes: list[Outcome], changes: Changes) -> list[Outcome]:
        """In the writer's turn: what follows, by the rules of now."""
        self._rules.learn(changes(self._rules.revision))
        now = self._clock()
        outcomes[:] = [self._outcome(trial, now) for trial, _ in batch]
        return outcomes

    def _outcome(self, trial: Try, now: int) -> Outcome:
        delivery, result = trial.delivery, trial.result
        if delivery.kind == SCHEDULED:
            return self._emission(delivery, result, now)
        trigger = self._rules.trigger(delivery.trigger)
        settled = decide(delivery, result, trigger.retry if trigger else Retry(), now, ids.jitter())
        attempt = record(delivery, result, trial.began, trial.ended)
        reports: list[Entry] = []
        puts: tuple[Put, ...] = ()
        if isinstance(result, Failed) and result.permanent and trigger is not None and trigger.enabled:
            puts = (self._switch_off(trigger, result.error, now),)
            reports.append(self._report("ensue.trigger.disabled", _disabled(trigger, result.error), delivery, now))
        if settled.state == "dead" and not (trial.event is not None and trial.event.is_own):
            reports.append(self._report("ensue.delivery.dead", _dead(settled, trial.event), delivery, now))
        return Outcome(settled, attempt, (), tuple(reports), puts)

    def _emission(self, delivery: Delivery, result: Result, now: int) -> Outcome:
        """A scheduled event enters the log, planned by the triggers of now; its key counted when it was accepted."""
        settled = decide(delivery, result, Retry(), now, 0.0)
        if settled.state != "delivered":
            return Outcome(settled)
        event = decode_event(bytes(delivery.payload))
        entry = plan(Intake(event), self._rules.index(event.project), now, self._rules.judge)
        return Outcome(replace(settled, payload=Raw(b"")), None, (), (entry,))

    def _switch_off(self, trigger: Trigger, reason: str, now: int) -> Put:
        off = replace(trigger, enabled=False, disabled_reason=reason, updated_at=now)
        return Put(document=trigger_document(off), expected=self._rules.trigger_revision(trigger.id))

    def _report(self, kind: str, data: dict[str, object], cause: Delivery, now: int) -> Entry:
        """The platform's own event about `cause`, with what its triggers make of it."""
        event = Event(
            id=ids.event_id(now),
            project=cause.project,
            type=kind,
            time=now,
            received_at=now,
            subject=cause.trigger,
            source=self._source,
            data=Raw(msgspec.json.encode(data)),
            content_type="application/json",
        )
        return plan(Intake(event), self._rules.index(cause.project), now, self._rules.judge)


def _disabled(trigger: Trigger, reason: str) -> dict[str, object]:
    return {"trigger": trigger.id, "name": trigger.name, "reason": reason}


def _dead(delivery: Delivery, event: Event | None) -> dict[str, object]:
    return {
        "delivery": delivery.id,
        "trigger": delivery.trigger,
        "event": delivery.event_id,
        "type": event.type if event is not None else None,
        "tries": delivery.tries,
        "reason": delivery.reason,
    }
