"""Hides how events are queued in Space Cloud's words: one by one on both its paths, or many at once by an admin.

The order of checks is that of its servers: the project, whether eventing is on, the type, the security rule, the
schema. What differs between the two paths is in `_Way`.
"""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from ensue.dialects.spacecloud.callers import identity, is_internal, project_of, refused_token, token_of
from ensue.dialects.spacecloud.words import DONE, NOT_VALID, RefusedError, result
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, Event
from ensue.domain.event_schema import Schema, misfit
from ensue.domain.eventing import Admission
from ensue.domain.intake import Intake
from ensue.domain.key import Key
from ensue.domain.project import Project
from ensue.domain.rule import CLAIMS, PAYLOAD, RAW_TOKEN, Rule, refusal
from ensue.domain.spacecloud import Path, is_synchronous, queue_intake, queue_members
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call

PATIENCE: Final = 10.0
"""Seconds that a synchronous request may take in all."""

INTERNAL_TYPES: Final = frozenset({"DB_INSERT", "DB_UPDATE", "DB_DELETE", "FILE_CREATE", "FILE_DELETE"})
"""Types that only an admin may queue."""


class _Way(Struct, frozen=True):
    """What differs between the paths: how a request is read, the statuses of refusals, and whether these come in two
    parts (`error` and `rawError`)."""

    path: Path
    denied: int
    unfit: int

    def refused(self, status: int, reason: str, *, within: bool) -> RefusedError:
        """A refusal for `reason`; `within` puts it after their general words, where this path has two parts."""
        if self.path == "first":
            return RefusedError(status, reason, None)
        return RefusedError(status, NOT_VALID, reason) if within else RefusedError(status, reason)


async def queue_first(engine: Engine, call: Call) -> Answer:
    """`POST /v1/api/{project}/event-triggers/queue`: delays in seconds, refusals as HTTP knows them."""
    return await _queue(engine, call, FIRST)


async def queue_second(engine: Engine, call: Call) -> Answer:
    """`POST /v1/api/{project}/eventing/queue`: delays in milliseconds, refusals with status 500."""
    return await _queue(engine, call, SECOND)


FIRST: Final = _Way("first", denied=403, unfit=400)
SECOND: Final = _Way("second", denied=500, unfit=500)


async def _queue(engine: Engine, call: Call, way: _Way) -> Answer:
    project = await project_of(engine, call)
    admission = enabled(engine, project)
    members = queue_members(call.body)
    intake = queue_intake(members, way.path, project.id, engine.limits, call.now)
    event = intake.event
    if event.type in INTERNAL_TYPES:
        reason = f"cannot create internal event ({event.type}) with project token"
        raise way.refused(way.denied, reason, within=True)
    rule, schema = admission.rule(event.type), admission.schema(event.type)
    if rule.rule != "allow":
        await _authorize(engine, call, project, event, rule, way)
    if schema is not None:
        _require_fit(event, schema, way)
    if is_synchronous(members):
        return await _answered(engine, call, intake)
    await engine.ingest.submit(intake)
    return DONE


def enabled(engine: Engine, project: Project) -> Admission:
    """What the project asks of events, if eventing is on there."""
    admission = engine.eventing.admission(project.id)
    if not admission.settings.enabled:
        raise RefusedError(404, "This feature isn't enabled")
    return admission


async def _authorize(engine: Engine, call: Call, project: Project, event: Event, rule: Rule, way: _Way) -> None:
    if rule.rule == "authenticated" and call.key is not None:  # whose claims nobody asks for
        _require_right(call.key, way)
        return
    token = token_of(call)
    try:
        speaker = await identity(engine, token, project)
    except EnsueError as error:
        raise await refused_token(engine, token, error, way.denied) from None
    _require_right(speaker.key, way)
    if is_internal(speaker):
        return
    told = refusal(rule, {CLAIMS: speaker.claims, PAYLOAD: _payload(event), RAW_TOKEN: token})
    if told is not None:
        raise way.refused(way.denied, told, within=True)


def _require_right(key: Key, way: _Way) -> None:
    if not key.may("events:write"):
        reason = f"The key {key.id} lacks the scope 'events:write'; use one that has it."
        raise way.refused(way.denied, reason, within=True)


def _payload(event: Event) -> Any:
    return msgspec.json.decode(event.data) if bytes(event.data) else None


def _require_fit(event: Event, schema: Schema, way: _Way) -> None:
    wrong = misfit(schema, _payload(event))
    if wrong is not None:
        raise way.refused(way.unfit, wrong.message, within=wrong.unknown)


async def _answered(engine: Engine, call: Call, intake: Intake) -> Answer:
    """Queue, and wait for what the webhook answers with."""
    used = max(0, engine.clock() - call.now) / 1000
    try:
        return result(await engine.ask(intake, PATIENCE - used))
    except EnsueError as error:
        if error.code == "timeout":
            raise RefusedError(500, "context deadline exceeded", error.message) from None
        if error.code == "not_found":
            message = (
                f"No trigger that may answer (format spacecloud) listens to events of type ({intake.event.type}); "
                f"make one by POST /v1/config/projects/{call.parameters['project'][:80]}/eventing/triggers/<id>"
            )
            raise RefusedError(500, message, error.message) from None
        raise


async def queue_many(engine: Engine, call: Call) -> Answer:
    """`POST /v1/api/{project}/eventing/admin-queue`: no rules, no schemas; all of them or none."""
    project = await project_of(engine, call)
    requests = _requests(call.body, engine.limits.batch_events)
    intakes = [_one_of_many(engine, call, project, raw, at) for at, raw in enumerate(requests)]
    for receipt in engine.ingest.submit_many(intakes):
        await receipt
    return DONE


def _requests(body: bytes, most: int) -> list[Raw]:
    events = queue_members(body).get("events", EMPTY)
    if not bytes(events):
        raise EnsueError("invalid", 'The body is {"events": [...]}, with a queue request for each event.', "events")
    requests = decode(bytes(events), list[Raw], "events.", checked=True)
    if len(requests) > most:
        raise EnsueError("too_large", f"There are {len(requests)} events; the limit is {most}.", "events")
    return requests


def _one_of_many(engine: Engine, call: Call, project: Project, raw: Raw, at: int) -> Intake:
    most = engine.limits.event_bytes
    if len(bytes(raw)) > most:
        raise EnsueError("too_large", f"events[{at}] is larger than {most:,} bytes; send a link to the rest.")
    try:
        return queue_intake(queue_members(raw, checked=True), "second", project.id, engine.limits, call.now)
    except EnsueError as error:
        raise EnsueError(error.code, f"events[{at}]: {error.message}", f"events[{at}]") from None
