"""Hides how a past is made up: events planned by the real rules, tried as receivers would have answered, and decided as
a worker would have. No clock, no store; what comes out is committed as it stands."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import (
    Attempt,
    Delivery,
    Entry,
    Exchange,
    Failed,
    Outcome,
    Result,
    Retry,
    Sent,
    decide,
    record,
)
from ensue.domain.document import Put
from ensue.domain.event import Event
from ensue.domain.filter import activation, compile_filter
from ensue.domain.intake import Draft, Limits, accept
from ensue.domain.plan import Index, plan
from ensue.domain.press import DONE, FAILED, Presser, action_of, button_document, press_of, pressing, resolved, told
from ensue.domain.schedule import HOUR, MINUTE
from ensue.domain.trigger import Trigger
from ensue.engine.demo_shop import RECEIVERS, Receiver, Reply, at, replied
from ensue.engine.demo_story import Happening, Stage, scheduled, story
from ensue.engine.demo_story import Pressing as Press

_HELD: Final = HOUR
"""For how long what is made up is held (ms), so that no worker takes it before its outcomes are there."""
_ANSWERED: Final = '{"ok": true}'
_NO_ROOM: Final = '{"error": "There is no room in the pool."}'
_SOON: Final = 12
"""Milliseconds from an event to the first try of what it owes."""


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """What kind of a past: `count` events; the same `seed` tells the same story.

    `endpoints` is the address below which all receivers are, `origin` that of the console, for its pictures.
    """

    count: int = 12_000
    seed: int = 1
    endpoints: str | None = None
    origin: str = "http://127.0.0.1:4122"


class Past(Struct, frozen=True):
    """`entries` in the order of their time, then `outcomes`, round by round, as no delivery is settled twice at once.
    `complaints`: what filters could not judge, by trigger."""

    entries: Sequence[Entry]
    outcomes: Sequence[Sequence[Outcome]]
    complaints: Mapping[str, str]


def past(wish: Wish, project: str, triggers: Mapping[str, Trigger], limits: Limits, now: int, source: str) -> Past:
    """The past that `wish` describes; `triggers` by the name of their receiver."""
    making = _Making(wish, project, triggers, now, source)
    stage = Stage(now, wish.origin.rstrip("/"), at(wish.endpoints))
    for one in story(wish.seed, wish.count, stage):
        making.happen(one, accept(_draft(one.event), project, limits, one.at).event)
    for event in scheduled(stage):
        intake = accept(_draft(event), project, limits, now - 20 * MINUTE)
        making.entries.append(plan(intake, None, now - 20 * MINUTE, lambda _trigger, _event: False))
    return making.made()


def _draft(event: Mapping[str, Any]) -> Draft:
    return msgspec.json.decode(msgspec.json.encode(event), type=Draft)


class _Making:
    """What was made up so far."""

    def __init__(self, wish: Wish, project: str, triggers: Mapping[str, Trigger], now: int, source: str) -> None:
        self.entries: list[Entry] = []
        self._project = project
        self._index = Index(triggers.values())
        self._receivers = {triggers[one.name].id: one for one in RECEIVERS if one.name in triggers}
        self._filters = {one.id: compile_filter(one.match.filter or "true") for one in triggers.values()}
        self._triggers = {one.id: one for one in triggers.values()}
        self._chance = Random(wish.seed)  # noqa: S311 - a story, not a secret
        self._rounds: list[list[Outcome]] = []
        self._complaints: dict[str, str] = {}
        self._now = now
        self._source = source

    def made(self) -> Past:
        ordered = sorted(self.entries, key=lambda entry: entry.event.received_at)
        return Past(ordered, self._rounds, self._complaints)

    def happen(self, happening: Happening, event: Event) -> None:
        """An event, what it owed, and who pressed its buttons."""
        self._owe(event)
        for one in happening.pressed:
            self._press(event, one, happening.at + one.after)

    def _owe(self, event: Event) -> None:
        owed: list[Delivery] = []
        for trigger in self._index.matching(event, self._judge):
            delivery = Delivery(
                id=ids.prefixed_id("dlv_", event.received_at),
                project=self._project,
                event_id=event.id,
                trigger=trigger.id,
                lane=trigger.id,
                created_at=event.received_at,
                due_at=event.received_at,
            )
            receiver = self._receivers.get(trigger.id)
            if receiver is None or not trigger.enabled:
                owed.append(delivery)
                continue
            tries = list(self._tries(delivery, event, trigger, receiver))
            held = self._held(delivery, len(tries))
            owed.append(held)
            self._settle(held, tries)
        self.entries.append(Entry(event, tuple(owed)))

    def _held(self, delivery: Delivery, claim: int = 1) -> Delivery:
        """As its last claim leaves it: that number is the fence of all that is settled here."""
        until = self._now + _HELD
        return replace(delivery, claim=claim, claimed_until=until, due_at=until)

    def _judge(self, trigger: Trigger, event: Event) -> bool:
        judgement = self._filters[trigger.id].judge(activation(event))
        if judgement.error is not None:
            self._complaints[trigger.id] = judgement.error
        return judgement.matched

    def _settle(self, held: Delivery, tries: Sequence[tuple[Delivery, Attempt]]) -> None:
        """Each try in a round of its own; all but the last one leave the delivery held."""
        for number, (delivery, attempt) in enumerate(tries):
            kept = replace(delivery, claim=held.claim)
            if number < len(tries) - 1:
                kept = replace(kept, claimed_until=held.claimed_until, due_at=held.due_at)
            self._add(number, Outcome(kept, replace(attempt, claim=number + 1)))
        if tries[-1][0].state == "dead":
            self._report(tries[-1][0])

    def _add(self, number: int, outcome: Outcome) -> None:
        while len(self._rounds) <= number:
            self._rounds.append([])
        self._rounds[number].append(outcome)

    def _tries(
        self, delivery: Delivery, event: Event, trigger: Trigger, receiver: Receiver
    ) -> Iterator[tuple[Delivery, Attempt]]:
        """One try after the other, until it ends or now is reached."""
        due = event.received_at + _SOON
        while True:
            reply = replied(receiver, due, self._now, self._chance)
            ended = due + reply.takes
            result = _result(reply, _exchange(trigger.endpoint.url, trigger.endpoint.headers, delivery, due, reply))
            settled = decide(delivery, result, trigger.retry, ended, self._chance.random())
            yield settled, record(delivery, result, due, ended)
            if settled.state != "pending" or settled.due_at >= self._now:
                return
            delivery, due = settled, settled.due_at

    def _report(self, dead: Delivery) -> None:
        """The platform's own event about a death; what it owes is of the same past."""
        if dead.ended_at is None or self._triggers[dead.trigger or ""].match.type[0].startswith("ensue."):
            return
        data = {"delivery": dead.id, "trigger": dead.trigger, "event": dead.event_id, "tries": dead.tries}
        self._owe(
            Event(
                id=ids.event_id(dead.ended_at),
                project=self._project,
                type="ensue.delivery.dead",
                time=dead.ended_at,
                received_at=dead.ended_at,
                subject=dead.trigger,
                source=self._source,
                data=msgspec.Raw(msgspec.json.encode({**data, "reason": dead.reason})),
                content_type="application/json",
            )
        )

    def _press(self, event: Event, press: Press, when: int) -> None:
        by = Presser(id=f"mem_demo_{press.by.split(maxsplit=1)[0].lower()}", name=press.by)
        action = action_of(event, press.key)
        pressed = pressing(event, action, by, when, source=self._source, revisions={})
        held, said = self._held(pressed.delivery), press_of(pressed.delivery)
        self.entries.append(Entry(pressed.event, (held,), pressed.puts))
        ended = when + self._chance.randint(120, 420)
        reply = Reply(press.status, ended - when, _ANSWERED if press.status == 200 else _NO_ROOM)
        result = _result(reply, _exchange(action.url, {}, held, when, reply))
        settled = decide(held, result, Retry(), ended, 0.0)
        attempt = record(held, result, when, ended)
        button = resolved(settled, said, attempt)
        kind = DONE if button.state == "done" else FAILED
        self.entries.append(Entry(told(kind, said, held, ended, self._source, button)))
        put = Put(document=button_document(self._project, said, button))
        self._add(0, Outcome(settled, attempt, (), (), (put,)))


def _result(reply: Reply, exchange: Exchange) -> Result:
    if reply.status is None:
        return Failed(reply.body, exchange)
    return Sent(exchange) if 200 <= reply.status < 300 else Failed(f"status {reply.status}", exchange)


def _exchange(url: str, headers: Mapping[str, str], delivery: Delivery, when: int, reply: Reply) -> Exchange:
    sent = {
        "Content-Type": "application/cloudevents+json",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(when // 1000),
        "ensue-event-id": delivery.event_id,
        "ensue-attempt": str(delivery.tries + 1),
        **headers,
    }
    if reply.status is None:
        return Exchange(method="POST", url=url, request_headers=sent)
    kind = "application/json" if reply.body.startswith("{") else "text/plain"
    return Exchange(
        method="POST",
        url=url,
        request_headers=sent,
        status=reply.status,
        response_headers={"content-type": kind, "content-length": str(len(reply.body.encode())), "server": "nginx"},
        response_body=reply.body,
    )
