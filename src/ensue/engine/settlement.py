"""Hides how results become outcomes: decided in the writer's turn, many in one commit, refused where stale.

An outcome carries all that follows of a try: the delivery, its attempt, the events that it emits with the deliveries
these owe, and the documents that change (invariant 6).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Raw, Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.conversation import chained, dead_letter
from ensue.domain.delivery import (
    ACTION,
    SCHEDULED,
    Attempt,
    Delivery,
    Entry,
    Failed,
    Outcome,
    Poisoned,
    Result,
    Retry,
    Sent,
    decide,
    record,
)
from ensue.domain.document import RULES, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, decode_event, own_event
from ensue.domain.intake import Intake, Limits
from ensue.domain.plan import plan
from ensue.domain.press import DONE, FAILED, button_document, press_of, resolved, told
from ensue.domain.push import RETRY, WEBPUSH, device_gone, device_in
from ensue.domain.streak import Heard
from ensue.domain.trigger import CONVERSING, Trigger, trigger_document
from ensue.engine.clock import Clock
from ensue.engine.gathering import Gathering
from ensue.engine.patience import DISABLED, Patience, disabled
from ensue.engine.rules import Rules
from ensue.store.base import Changes, Store, Verdict, lanes_of
from ensue.telemetry import Telemetry

_log = logging.getLogger("ensue.engine")

_MOST: Final = 1_000
"""Outcomes in one commit."""
_CROWDED: Final = 5_000
"""So many outcomes that wait for their commit are enough: nothing more is claimed until there are fewer."""
_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 2.0
"""Seconds between two goes at keeping what cannot be kept: the first one, and the longest."""
_GOES: Final = 5
"""How often an outcome is tried that the store does not refuse for want of room."""

_COMPANY: Final = 0.008
"""Seconds that outcomes may wait for others, and for a commit to go with: no request waits for them, and they take no
room."""

Note = Callable[[dict[str, int]], None]
Done = Callable[[Outcome | None], None]


class Try(Struct, frozen=True):
    """One try that is over: the delivery as it was claimed, its event, the result, and when it began and ended (ms).

    `began` is None where nothing was tried: then no attempt is kept.
    """

    delivery: Delivery
    event: Event | None
    result: Result
    began: int | None
    ended: int


class _Batch:
    """What one commit settles, as decided by the rules of `revision`."""

    def __init__(self, tries: Sequence[tuple[Try, Done]] = ()) -> None:
        self.tries = tries
        self.outcomes: list[Outcome] = []
        self.revision = 0


class Settlement:
    """Collects tries that are over and commits their outcomes.

    While they cannot be kept, or too many wait, it does not flow: nothing more is claimed or sent, since what came of
    it could not be kept either.
    """

    def __init__(self, store: Store, rules: Rules, clock: Clock, telemetry: Telemetry, limits: Limits) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._telemetry = telemetry
        self._limits = limits
        self._gathering: Gathering[tuple[Try, Done]] = Gathering(lambda: self._commit(_Batch()))
        self._count = 0
        self._stuck = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._note: Note = lambda _lanes: None
        self._patience = Patience(store, rules, clock)

    def on_debts(self, note: Note) -> None:
        """Whom to tell of lanes with something due after a commit."""
        self._note = note
        self._patience.on_debts(note)

    @property
    def flows(self) -> bool:
        """Whether outcomes can be kept."""
        return self._flowing.is_set()

    async def flowing(self) -> None:
        """Return when outcomes can be kept."""
        await self._flowing.wait()

    def add(self, trial: Try, done: Done) -> None:
        """Settle `trial` with the next commit, then call `done` with its outcome (None: it was late)."""
        self._count += 1
        self._gathering.add([(trial, done)])
        self._gauge()

    async def drained(self, patience: float) -> bool:
        """True when nothing waits to be settled; False, giving up what could not be kept, after `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._gathering.drained()
        except TimeoutError:
            _log.error("%d outcomes could not be kept; their deliveries will be tried again", self._count)
            self._gathering.cancel()
            return False
        await self._patience.settled()
        return True

    def _gauge(self) -> None:
        if self._stuck or self._count >= _CROWDED:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def _commit(self, batch: _Batch, goes: int = 0) -> None:
        """Commit `batch`; what cannot be kept now (disk full) is tried again until it can: the answers are known."""
        pause = _PAUSE
        stuck = False
        try:
            while True:
                try:
                    verdicts = await self._store.settle(lambda changes: self._decide(batch, changes), _COMPANY)
                    break
                except Exception as error:  # noqa: BLE001 - whatever it is, the outcomes are not lost
                    if not isinstance(error, EnsueError) or error.code != "unavailable":
                        await self._apart(batch, error, goes)
                        return
                    if not stuck:
                        _log.warning("outcomes cannot be kept, nothing more is sent until they can: %s", error)
                        self._stuck += 1
                        stuck = True
                        self._gauge()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            self._stuck -= stuck
            self._gauge()
        self._rules.confirm(batch.revision)
        await self._conclude(batch, verdicts)

    async def _apart(self, batch: _Batch, error: Exception, goes: int) -> None:
        """The store refused the batch for what is in it: each outcome by itself, so that one costs the others nothing.

        One that is refused again and again is given up: its claim runs out, and in the end it is poison.
        """
        if not batch.tries:
            batch.tries = self._gathering.take(_MOST)
        _log.error("%d outcomes were refused: %r", len(batch.tries), error)
        if len(batch.tries) == 1:
            if goes >= _GOES:
                self._finish(batch.tries[0][1], None)
                return
            await asyncio.sleep(_PAUSE)
        for one in batch.tries:
            await self._commit(_Batch([one]), goes + 1)

    async def _conclude(self, batch: _Batch, verdicts: Sequence[Verdict]) -> None:
        debts: list[Delivery] = []
        failed: dict[str, str] = {}
        rules_changed = False
        for (trial, done), outcome, verdict in zip(batch.tries, batch.outcomes, verdicts, strict=True):
            if verdict == "conflict":
                self._gathering.add([(trial, done)])
                continue
            if verdict == "accepted":
                debts += (outcome.delivery, *outcome.next)
                debts += (delivery for entry in outcome.emits for delivery in entry.deliveries)
                if outcome.heard is not None and not outcome.heard.arrived and isinstance(trial.result, Failed):
                    failed[outcome.heard.trigger] = trial.result.error
                rules_changed = rules_changed or any(put.document.kind in RULES for put in outcome.puts)
            self._finish(done, outcome if verdict == "accepted" else None)
            self._telemetry.attempted(trial.delivery, trial.event, outcome, verdict)
        self._gauge()
        self._note(lanes_of(debts))
        if rules_changed:
            await self._rules.refresh(self._store)
        self._patience.lost(failed)

    def _finish(self, done: Done, outcome: Outcome | None) -> None:
        self._count -= 1
        done(outcome)

    def _decide(self, batch: _Batch, changes: Changes) -> list[Outcome]:
        """In the writer's turn: what follows, by the rules of now."""
        if not batch.tries:
            batch.tries = self._gathering.take(_MOST)
        self._rules.catch_up(changes)
        batch.revision = self._rules.revision
        now = self._clock()
        batch.outcomes = [self._outcome(trial, now) for trial, _ in batch.tries]
        return batch.outcomes

    def _outcome(self, trial: Try, now: int) -> Outcome:
        """What follows of a try. What cannot be told or emitted is left out: the result itself must be kept."""
        try:
            if trial.delivery.kind == SCHEDULED:
                return self._emission(trial.delivery, trial.result, now)
            if trial.delivery.kind == ACTION:
                return self._answered(trial, now)
            if trial.delivery.kind == WEBPUSH:
                return self._pushed(trial, now)
            return self._sending(trial, now)
        except Exception as error:  # noqa: BLE001 - logged with its stack
            _log.exception("what follows of the delivery %s cannot be told", trial.delivery.id)
            scheduled = trial.delivery.kind == SCHEDULED
            result = Poisoned(f"the event cannot be emitted: {error!r}"[:300]) if scheduled else trial.result
            settled = decide(trial.delivery, result, self._retry(trial.delivery), now, ids.jitter())
            attempt = _attempt(trial, result)
            return Outcome(settled, attempt, puts=_button_of(settled, attempt))

    def _answered(self, trial: Try, now: int) -> Outcome:
        """The receiver of a pressed button has answered, or not: the button says so, and an event tells it."""
        delivery, result = trial.delivery, trial.result
        settled, attempt = decide(delivery, result, Retry(), now, ids.jitter()), _attempt(trial, result)
        puts = _button_of(settled, attempt)
        if not puts:
            return Outcome(settled, attempt)
        press = press_of(delivery)
        button = resolved(settled, press, attempt)
        event = told(DONE if button.state == "done" else FAILED, press, delivery, now, self._source(delivery), button)
        return Outcome(settled, attempt, (), (self._planned(event, now),), puts)

    def _source(self, delivery: Delivery) -> str:
        return self._rules.source(delivery.project)

    def _planned(self, event: Event, now: int) -> Entry:
        return self._accepted(Intake(event), now)

    def _accepted(self, intake: Intake, now: int) -> Entry:
        index = self._rules.index(intake.event.project)
        return plan(intake, index, now, self._rules.judge, self._rules.listeners)

    def _sending(self, trial: Try, now: int) -> Outcome:
        delivery, result = trial.delivery, trial.result
        trigger = self._rules.trigger(delivery.trigger)
        settled = decide(delivery, result, self._retry(delivery), now, ids.jitter())
        attempt = _attempt(trial, result)
        reports: list[Entry] = []
        puts: tuple[Put, ...] = ()
        if isinstance(result, Sent) and result.reply and trial.event is not None:
            following = chained(result.reply, trial.event, self._limits, now)
            reports += (self._accepted(intake, now) for intake in following.intakes)
            attempt = _noted(attempt, following.left_out)
        if isinstance(result, Failed) and result.permanent and trigger is not None and trigger.enabled:
            puts = (self._switch_off(trigger, result.error, now),)
            reports.append(self._report(DISABLED, disabled(trigger, result.error), trial.delivery, now))
        if settled.state == "dead":
            reports += self._deaths(settled, trial, trigger, now)
        return Outcome(settled, attempt, (), tuple(reports), puts, _heard(trigger, result, now))

    def _pushed(self, trial: Try, now: int) -> Outcome:
        """A push was tried; a device whose subscription has ended goes with it, and nobody is alarmed by that. One that
        got another address meanwhile stays."""
        delivery, result = trial.delivery, trial.result
        settled = decide(delivery, result, RETRY, now, ids.jitter())
        ended = isinstance(result, Failed) and result.permanent
        reports = self._deaths(settled, trial, None, now) if settled.state == "dead" and not ended else ()
        device = self._rules.device(device_in(delivery.lane)) if ended else None
        renewed = device is not None and device.since > (trial.began or now)
        puts = () if device is None or renewed else (Put(document=device_gone(device)),)
        return Outcome(settled, _attempt(trial, result), (), tuple(reports), puts)

    def _deaths(self, settled: Delivery, trial: Try, trigger: Trigger | None, now: int) -> Sequence[Entry]:
        """What tells of a death: our own event, and the letter that Space Cloud's receivers know, where a trigger
        listens to it. Nothing tells of the death of a delivery of our own events: it would tell for ever."""
        event = trial.event
        if event is not None and event.is_own:
            return ()
        reports = [self._report("ensue.delivery.dead", _dead(settled, event), settled, now, event)]
        if event is not None and trigger is not None and trigger.format in CONVERSING:
            letter = dead_letter(settled, event, trigger, self._source(settled), now)
            entry = None if letter is None else self._planned(letter, now)
            if entry is not None and entry.deliveries:
                reports.append(entry)
        return reports

    def _retry(self, delivery: Delivery) -> Retry:
        if delivery.kind == WEBPUSH:
            return RETRY
        trigger = self._rules.trigger(delivery.trigger)
        return trigger.retry if trigger is not None else Retry()

    def _emission(self, delivery: Delivery, result: Result, now: int) -> Outcome:
        """A scheduled event enters the log, planned by the triggers of now; its key counted when it was accepted."""
        settled = decide(delivery, result, Retry(), now, 0.0)
        if settled.state == "dead":
            return Outcome(
                settled, None, (), (self._report("ensue.delivery.dead", _dead(settled, None), delivery, now),)
            )
        if settled.state != "delivered":
            return Outcome(settled)
        event = decode_event(bytes(delivery.payload))
        return Outcome(replace(settled, payload=Raw(b"")), None, (), (self._planned(event, now),))

    def _switch_off(self, trigger: Trigger, reason: str, now: int) -> Put:
        off = replace(trigger, enabled=False, disabled_reason=reason, updated_at=now)
        return Put(document=trigger_document(off), expected=self._rules.trigger_revision(trigger.id))

    def _report(
        self, kind: str, data: dict[str, object], cause: Delivery, now: int, sent: Event | None = None
    ) -> Entry:
        """The platform's own event about `cause`, with what its triggers make of it; a hop behind the event that it
        `sent`."""
        event = own_event(ids.event_id(now), cause.project, kind, data, self._source(cause), now)
        hops = 0 if sent is None else sent.hops + 1
        return self._planned(replace(event, subject=cause.trigger, hops=hops), now)


def _attempt(trial: Try, result: Result) -> Attempt | None:
    return None if trial.began is None else record(trial.delivery, result, trial.began, trial.ended)


def _noted(attempt: Attempt | None, note: str | None) -> Attempt | None:
    return attempt if attempt is None or note is None else replace(attempt, error=note)


def _button_of(settled: Delivery, attempt: Attempt | None) -> tuple[Put, ...]:
    """How the button stands whose press has come to its end. Whatever its revision is: nobody changes a button that is
    running, and the claim is the fence."""
    if settled.kind != ACTION or settled.state == "pending":
        return ()
    press = press_of(settled)
    return (Put(document=button_document(settled.project, press, resolved(settled, press, attempt))),)


def _heard(trigger: Trigger | None, result: Result, now: int) -> Heard | None:
    """What a try says of the receiver; nothing where a status alone does not tell."""
    if trigger is None or trigger.format in CONVERSING or not isinstance(result, Sent | Failed):
        return None
    return Heard(trigger.id, isinstance(result, Sent), now)


def _dead(delivery: Delivery, event: Event | None) -> dict[str, object]:
    return {
        "delivery": delivery.id,
        "trigger": delivery.trigger,
        "event": delivery.event_id,
        "type": event.type if event is not None else None,
        "tries": delivery.tries,
        "reason": delivery.reason,
    }
