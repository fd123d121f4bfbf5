"""Hides how triggers are spoken of in the native API: made, read, changed, tried, switched, and given new secrets."""

from typing import Final

from msgspec import Raw, Struct

from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.dialects.native.render import (
    AttemptView,
    SecretView,
    TriggerPage,
    attempt_view,
    trigger_view,
)
from ensue.domain.card import CardDraft
from ensue.domain.decoding import decode
from ensue.domain.delivery import State
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY
from ensue.domain.intake import Draft, accept
from ensue.domain.pattern import RESERVED, is_exact
from ensue.domain.schedule import format_time
from ensue.domain.trigger import Trigger, TriggerDraft, TriggerPatch
from ensue.engine.engine import Engine
from ensue.engine.triggers import Changed
from ensue.http.exchange import Answer, Call, json_answer
from ensue.store.base import DeliveryQuery

PAGE: Final = (LIMIT, NEXT)
_OF: Final = "trigger"


class TestDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A test event: its type (the trigger's first exact one, or `test`), its data, and when it goes out: now, at
    `send_at` (RFC 3339), or after a `delay` in seconds."""

    type: str | None = None
    data: Raw = EMPTY
    send_at: str | None = None
    delay: float | None = None


class RotationDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """The new secret (`whsec_…`); one is made where it is left out."""

    secret: str | None = None


class Tested(Struct, frozen=True, omit_defaults=True):
    """What came of a test: the ids of event and delivery, the delivery's state, its attempt, and when it is due where
    that is later."""

    event: str
    delivery: str | None
    state: State
    attempt: AttemptView | None
    due_at: str | None = None


async def create(engine: Engine, call: Call) -> Answer:
    """`POST /triggers`; the secret is in this answer only."""
    call.query_values()
    draft = decode(call.body, TriggerDraft)
    return _changed(201, await engine.triggers.create(call.project, draft), call)


def _changed(status: int, changed: Changed, call: Call) -> Answer:
    return json_answer(status, trigger_view(changed.trigger, call.now, changed.warnings, changed.secret))


def _shown(trigger: Trigger, call: Call) -> Answer:
    return json_answer(200, trigger_view(trigger, call.now))


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /triggers`."""
    parameters = Parameters(call, PAGE)
    limit = parameters.limit()
    found = list(engine.triggers.list(call.project, parameters.before(_OF), limit + 1))
    shown = found[:limit]
    place = shown[-1].id if len(found) > limit else None
    return json_answer(200, TriggerPage([trigger_view(one, call.now) for one in shown], next_page(_OF, place)))


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /triggers/{id}`."""
    call.query_values()
    return _shown(engine.triggers.get(call.project, call.parameters["id"]), call)


async def secret(engine: Engine, call: Call) -> Answer:
    """`GET /triggers/{id}/secret`."""
    call.query_values()
    trigger = engine.triggers.get(call.project, call.parameters["id"])
    return json_answer(200, SecretView(engine.triggers.secret(trigger)))


async def update(engine: Engine, call: Call) -> Answer:
    """`PATCH /triggers/{id}`."""
    call.query_values()
    engine.triggers.get(call.project, call.parameters["id"])
    patch = decode(call.body, TriggerPatch)
    return _changed(200, await engine.triggers.update(call.project, call.parameters["id"], patch), call)


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /triggers/{id}`."""
    call.query_values()
    await engine.triggers.delete(call.project, call.parameters["id"])
    return Answer(204, content_type=None)


async def enable(engine: Engine, call: Call) -> Answer:
    """`POST /triggers/{id}/enable`."""
    call.query_values()
    return _shown(await engine.triggers.enable(call.project, call.parameters["id"], enabled=True), call)


async def disable(engine: Engine, call: Call) -> Answer:
    """`POST /triggers/{id}/disable`."""
    call.query_values()
    return _shown(await engine.triggers.enable(call.project, call.parameters["id"], enabled=False), call)


async def rotate(engine: Engine, call: Call) -> Answer:
    """`POST /triggers/{id}/rotate-secret`; the new secret is in this answer only."""
    call.query_values()
    engine.triggers.get(call.project, call.parameters["id"])
    draft = decode(call.body, RotationDraft) if call.body.strip() else RotationDraft()
    if draft.secret == "":
        raise EnsueError("invalid", "'secret' is empty; leave it out to have one made.", "secret")
    return _changed(200, await engine.triggers.rotate(call.project, call.parameters["id"], draft.secret), call)


async def test(engine: Engine, call: Call) -> Answer:
    """`POST /triggers/{id}/test`: a test event to this trigger alone, tried once, whatever it matches."""
    call.query_values()
    trigger = engine.triggers.get(call.project, call.parameters["id"])
    draft = decode(call.body, TestDraft) if call.body.strip() else TestDraft()
    if not trigger.enabled:
        raise EnsueError("conflict", "This trigger is disabled; enable it to try it.")
    kind = _test_type(trigger) if draft.type is None else draft.type
    event = Draft(type=kind, data=draft.data, card=CardDraft(test=True), send_at=draft.send_at, delay=draft.delay)
    accepted = accept(event, call.project, engine.limits, call.now)
    if accepted.due_at is not None:
        later = await engine.send_later_to(accepted, trigger)
        return json_answer(202, Tested(later.event_id, later.id, later.state, None, format_time(later.due_at)))
    ended = await engine.send_to(accepted, trigger)
    event_id = accepted.event.id
    if ended.delivery is not None:
        attempt = None if ended.attempt is None else attempt_view(ended.attempt)
        return json_answer(200, Tested(event_id, ended.delivery.id, ended.delivery.state, attempt))
    return json_answer(200, await _as_kept(engine, call.project, event_id))


def _test_type(trigger: Trigger) -> str:
    exact = (pattern for pattern in trigger.match.type if is_exact(pattern) and not pattern.startswith(RESERVED))
    return next(exact, "test")


async def _as_kept(engine: Engine, project: str, event_id: str) -> Tested:
    """Somebody else ended the delivery meanwhile: as it stands now."""
    found = (await engine.deliveries(DeliveryQuery(project=project, event_id=event_id, limit=1))).items
    if not found:
        return Tested(event_id, None, "cancelled", None)
    attempts = await engine.attempts(project, found[0].id)
    return Tested(event_id, found[0].id, found[0].state, attempt_view(attempts[-1]) if attempts else None)
