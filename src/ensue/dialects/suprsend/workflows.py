"""Hides how workflows are asked for in SuprSend's words, and what a request for one is here: an event.

Workflows themselves come later. Until then a request becomes an event of type `workflow.<slug>` where a trigger is
meant for that type, else it is refused as one for a workflow that does not exist:

    POST /trigger/                  workflow.<workflow>
    POST /{workspace}/trigger/      workflow.<name in small letters, with '-' for what is no letter or digit>
    POST /{workspace}/broadcast/    workflow.broadcast.<template>
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from msgspec import Raw

from ensue.dialects.suprsend import answers
from ensue.dialects.suprsend.events import is_array, is_clean, items_of, message_id, record, store
from ensue.dialects.suprsend.intake import SOURCE, check_attachments, check_time, in_their_words, tenant_of
from ensue.dialects.suprsend.requests import (
    Broadcast,
    Dynamic,
    WorkflowRequest,
    check_cancellation,
    check_recipient,
    check_recipients,
    delay_of,
    moment_of,
)
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.intake import NO_EXTRAS, Draft, Extras, Intake, accept
from ensue.domain.key import Key
from ensue.engine.engine import Engine
from ensue.http.exchange import Answer, Call

PREFIX: Final = "workflow."
BROADCAST: Final = "workflow.broadcast."

_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_ATTACHMENTS: Final = "$attachments"


async def trigger(engine: Engine, call: Call) -> Answer:
    """`POST /trigger/`: one workflow, or an array of which each is judged on its own."""
    if not is_array(call.body):
        return answers.accepted(message_id(await engine.ingest.submit(_requested(engine, call, call.body))))
    clean = is_clean(call.body)
    judged = [_judge(engine, call, item, clean=clean) for item in items_of(call, engine)]
    stored = iter(await store(engine, [one for one in judged if isinstance(one, Intake)]))
    ends = [next(stored) if isinstance(one, Intake) else one for one in judged]
    return answers.records([record(end) for end in ends], mixed=True)


def _judge(engine: Engine, call: Call, item: bytes, *, clean: bool) -> Intake | EnsueError:
    try:
        return _requested(engine, call, item, checked=clean)
    except EnsueError as error:
        return error


async def trigger_dynamic(engine: Engine, call: Call) -> Answer:
    """`POST /{workspace}/trigger/`: one workflow that says all of itself, or an array: all or none."""
    check_workspace(engine, call)
    if not is_array(call.body):
        return answers.accepted(message_id(await engine.ingest.submit(_dynamic(engine, call, call.body))))
    said = [_dynamic(engine, call, item, f"[{at}].") for at, item in enumerate(items_of(call, engine))]
    ends = await store(engine, said)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    return answers.records([record(end) for end in ends])


async def broadcast(engine: Engine, call: Call) -> Answer:
    """`POST /{workspace}/broadcast/`: a template to a list."""
    check_workspace(engine, call)
    return answers.accepted(message_id(await engine.ingest.submit(_broadcast(engine, call, call.body))))


def check_workspace(engine: Engine, call: Call) -> None:
    """The workspace in the path is the key's: its id, or its project by id or slug. Raises EnsueError `not_found`."""
    named = call.parameters["workspace"]
    key = cast("Key", call.key)
    project = engine.rules.project(named)
    if named != key.id and (project is None or project.id != key.project):
        raise EnsueError("not_found", f"workspace {named[:80]!r} not found; the key's own id goes here")


def _requested(engine: Engine, call: Call, body: bytes, *, checked: bool = False) -> Intake:
    _refuse_large(engine, body)
    said = decode(body, WorkflowRequest, checked=checked)
    with _named("workflow"):
        slug = said.workflow.strip()
        if not slug:
            raise EnsueError("invalid", "workflow missing", "workflow")
        tenant = tenant_of(said.tenant_id, None)
        subject = check_recipients(said.recipients, "recipients", tenant)
        if said.actor is not None:
            check_recipient(said.actor, "actor", tenant)
        check_cancellation(said.cancellation_key)
        _check_data(engine, said.data)
        draft = Draft(
            type=PREFIX + slug,
            subject=subject,
            data=Raw(body),
            source=SOURCE,
            tenant=tenant,
            idempotency_key=said.idempotency_key,
        )
        return _accepted(engine, call, draft, f"workflow {slug[:80]!r} not found")


def _dynamic(engine: Engine, call: Call, body: bytes, prefix: str = "") -> Intake:
    _refuse_large(engine, body)
    said = decode(body, Dynamic, prefix)
    with _named("name", prefix):
        slug = _NOT_SLUG.sub("-", said.name.lower()).strip("-")
        if not slug:
            raise EnsueError("invalid", "'name' has no letter or digit.", "name")
        tenant = tenant_of(said.tenant_id, said.brand_id)
        subject = check_recipients(said.users, "users", tenant)
        _check_data(engine, said.data)
        draft = Draft(
            type=PREFIX + slug,
            subject=subject,
            data=Raw(body),
            source=SOURCE,
            tenant=tenant,
            idempotency_key=said.idempotency_key,
            delay=delay_of(said.delay),
            send_at=moment_of(said.trigger_at),
        )
        return _accepted(engine, call, draft, f"workflow {slug[:80]!r} not found")


def _broadcast(engine: Engine, call: Call, body: bytes) -> Intake:
    _refuse_large(engine, body)
    said = decode(body, Broadcast)
    with _named("template"):
        template = said.template.strip()
        for name in ("list_id", "template", "notification_category"):
            if not getattr(said, name).strip():
                raise EnsueError("invalid", f"'{name}' is empty.", name)
        _check_data(engine, said.data)
        draft = Draft(
            type=BROADCAST + template,
            data=Raw(body),
            source=SOURCE,
            id=said.insert_id,
            tenant=tenant_of(said.tenant_id, said.brand_id),
            idempotency_key=said.idempotency_key,
            delay=delay_of(said.delay),
            send_at=moment_of(said.trigger_at),
        )
        moment = check_time(said.time)
        later = draft.delay is not None or draft.send_at is not None
        return _accepted(
            engine, call, draft, f"template {template[:80]!r} not found", Extras(moment=None if later else moment)
        )


@contextmanager
def _named(kind: str, prefix: str = "") -> Iterator[None]:
    """Refusals within name the fields as SuprSend does; `kind` is the field that the type is made of."""
    try:
        yield
    except EnsueError as error:
        raise in_their_words(error, prefix, kind) from None


def _refuse_large(engine: Engine, body: bytes) -> None:
    most = engine.limits.event_bytes
    if len(body) > most:
        raise EnsueError("too_large", f"The request is larger than {most:,} bytes; attach files by their URL.")
    if not body:
        raise EnsueError("invalid", "Request body must not be empty")


def _check_data(engine: Engine, data: dict[str, Raw] | None) -> None:
    if data is not None and _ATTACHMENTS in data:
        check_attachments(data[_ATTACHMENTS], engine.limits, f"data.{_ATTACHMENTS}")


def _accepted(engine: Engine, call: Call, draft: Draft, unknown: str, extras: Extras = NO_EXTRAS) -> Intake:
    """The intake, if a trigger is meant for it. Raises EnsueError `not_found` with the words `unknown`."""
    intake = accept(draft, call.project, engine.limits, call.now, extras=extras)
    if not engine.rules.names(call.project, intake.event.type):
        raise EnsueError("not_found", unknown)
    return intake
