"""Hides how the deliveries that an event owes are found: an index over the rules of a project, and `plan` over it.

A trigger stands in one place of the index, the most selective one: its subject, else its tenant, else its exact types,
else the list of patterns, whose answer is remembered by type. So ten thousand exact triggers cost nothing, and fifty
patterns are looked at once per type (design section 10).
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.attributes import canonical
from ensue.domain.delivery import SCHEDULED, WEBHOOK, Delivery, Entry
from ensue.domain.event import Event, encode_event
from ensue.domain.intake import Intake
from ensue.domain.pattern import is_exact, matches
from ensue.domain.push import Listeners, nobody, pushes
from ensue.domain.rule import DATA, refusal
from ensue.domain.trigger import Trigger

Judge = Callable[[Trigger, Event], bool]
"""Whether a trigger's filter lets an event through; the engine's, since it times the filters and notes their faults."""

SCHEDULED_MARK: Final = f"@{SCHEDULED}"
"""How the lane of a project's scheduled events ends."""

_REMEMBERED: Final = 4_096


class Index:
    """The triggers of one project, laid out for finding those that an event fires. Not changed after it is built."""

    def __init__(self, triggers: Iterable[Trigger]) -> None:
        self.triggers = {trigger.id: trigger for trigger in triggers}
        self._by_subject: dict[str, list[Trigger]] = {}
        self._by_tenant: dict[str, list[Trigger]] = {}
        self._by_type: dict[str, list[Trigger]] = {}
        self._patterns: list[Trigger] = []
        self._remembered: dict[str, tuple[Trigger, ...]] = {}
        for trigger in self.triggers.values():
            self._place(trigger)

    def _place(self, trigger: Trigger) -> None:
        match = trigger.match
        if match.subject is not None:
            self._by_subject.setdefault(match.subject, []).append(trigger)
        elif match.tenant is not None:
            self._by_tenant.setdefault(match.tenant, []).append(trigger)
        elif all(is_exact(pattern) for pattern in match.type):
            for kind in match.type:
                self._by_type.setdefault(kind, []).append(trigger)
        else:
            self._patterns.append(trigger)

    def names(self, kind: str) -> bool:
        """Whether some trigger is meant for events of this type: by the type itself, or by a pattern that names its
        first segment. `**` alone is meant for none."""
        return any(
            pattern.partition(".")[0] not in ("*", "**") and matches(pattern, kind)
            for trigger in self.triggers.values()
            for pattern in trigger.match.type
        )

    def matching(self, event: Event, judge: Judge) -> list[Trigger]:
        """The triggers that `event` fires; disabled ones too, whose deliveries wait."""
        candidates: list[Trigger] = []
        if event.subject is not None and self._by_subject:
            candidates += self._by_subject.get(event.subject, ())
        if event.tenant is not None and self._by_tenant:
            candidates += self._by_tenant.get(event.tenant, ())
        candidates += self._by_type.get(event.type, ())
        if self._patterns:
            candidates += self._by_pattern(event.type)
        found = [trigger for trigger in candidates if _fits(trigger, event, judge)]
        if any(trigger.match.rule is not None for trigger in found):
            return _by_rule(found, event)
        return found

    def _by_pattern(self, kind: str) -> tuple[Trigger, ...]:
        found = self._remembered.get(kind)
        if found is None:
            found = tuple(trigger for trigger in self._patterns if _type_fits(trigger, kind))
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[kind] = found
        return found


def _fits(trigger: Trigger, event: Event, judge: Judge) -> bool:
    match = trigger.match
    if event.is_test and not match.test:
        return False
    if match.subject is not None and match.subject != event.subject:
        return False
    if match.tenant is not None and match.tenant != event.tenant:
        return False
    if match.category is not None and match.category != event.category:
        return False
    if not _type_fits(trigger, event.type) or (match.attributes and not _attributes_fit(match.attributes, event)):
        return False
    return match.filter is None or judge(trigger, event)


def _attributes_fit(wanted: dict[str, str], event: Event) -> bool:
    """Whether the event has each name, its value as text among those between the commas; blanks there count."""
    has = event.attributes
    return all(name in has and canonical(has[name]) in values.split(",") for name, values in wanted.items())


def _by_rule(triggers: Iterable[Trigger], event: Event) -> list[Trigger]:
    """Those whose rule holds; the data is decoded once for all. What has no data, or null, is let through."""
    data: Any = msgspec.json.decode(event.data) if bytes(event.data) else event.data_base64
    if data is None:
        return list(triggers)
    seen = {DATA: data}
    return [one for one in triggers if one.match.rule is None or refusal(one.match.rule, seen) is None]


def _type_fits(trigger: Trigger, kind: str) -> bool:
    return any(matches(pattern, kind) for pattern in trigger.match.type)


def plan(intake: Intake, index: Index | None, now: int, judge: Judge, listeners: Listeners = nobody) -> Entry:
    """`intake` with the debts that follow from the rules of now: a delivery for each trigger that it fires and each
    device that is to hear of it, or the one scheduled delivery that will bring it into the log."""
    event = intake.event
    if intake.due_at is not None:
        return Entry(event, (_scheduled(event, intake.due_at, now),), (), intake.once, staged=True)
    triggers = index.matching(event, judge) if index is not None else []
    deliveries = tuple(_delivery(event, trigger, now) for trigger in triggers)
    if event.card is not None and event.card.notify:
        deliveries += pushes(event, listeners, now)
    return Entry(event, deliveries, (), intake.once)


def targeted(intake: Intake, trigger: Trigger, now: int) -> Entry:
    """`intake` with one debt, to `trigger` alone, whatever it matches, to be tried once: now, or when it is due.
    The event itself is in the log at once: it is not what waits."""
    event, due_at = intake.event, now
    if intake.due_at is not None:
        event, due_at = replace(event, due_at=None, time=event.received_at), intake.due_at
    delivery = replace(_delivery(event, trigger, now), allowed=1, due_at=due_at)
    return Entry(event, (delivery,), (), intake.once)


def _delivery(event: Event, trigger: Trigger, now: int) -> Delivery:
    return Delivery(
        id=ids.prefixed_id("dlv_", now),
        project=event.project,
        event_id=event.id,
        kind=WEBHOOK,
        trigger=trigger.id,
        lane=trigger.id,
        created_at=now,
        due_at=now,
    )


def scheduled_lane(project: str) -> str:
    """The lane of a project's scheduled events."""
    return project + SCHEDULED_MARK


def _scheduled(event: Event, due_at: int, now: int) -> Delivery:
    return Delivery(
        id=ids.prefixed_id("dlv_", now),
        project=event.project,
        event_id=event.id,
        kind=SCHEDULED,
        lane=scheduled_lane(event.project),
        created_at=now,
        due_at=due_at,
        payload=Raw(encode_event(event)),
    )
