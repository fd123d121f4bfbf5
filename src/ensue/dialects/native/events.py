"""Hides how events are spoken of in the native API: sent one by one, read, paged, cancelled, removed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.dialects.native import batch, intake
from ensue.dialects.native.paging import LIMIT, NEXT, Parameters, next_page
from ensue.dialects.native.render import EventPage, EventView, event_view
from ensue.domain.delivery import SCHEDULED
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, encode_event
from ensue.domain.pattern import RESERVED, matches
from ensue.domain.thread import Thread
from ensue.domain.words import answers, terms
from ensue.engine.engine import Engine, Known
from ensue.http.exchange import Answer, Call, QueryParameter, json_answer
from ensue.store.base import DeliveryQuery, EventQuery, Receipt


class Accepted(Struct, frozen=True, omit_defaults=True):
    """What became of an event; `id` is the first one's where `duplicate`. `warnings` name what was kept out."""

    id: str
    duplicate: bool
    warnings: tuple[str, ...] = ()


TYPE: Final = QueryParameter("type", "A type pattern: `order.paid`, `order.*`, `order.**`.")
FIELDS: Final = (
    TYPE,
    QueryParameter("category", "The card's category."),
    QueryParameter("avatar", "The card's avatar: an emoji, or the URL of an image."),
    QueryParameter("subject", "Whom or what it is about."),
    QueryParameter("context", "The id of the thread that it belongs to."),
    QueryParameter("tenant", "The tenant."),
    QueryParameter("idempotency_key", "The key that it was sent with."),
    QueryParameter("test", "Only test events, or none.", bool),
    QueryParameter("muted", "Only muted events, or none.", bool),
    QueryParameter("actions", "Only events whose card has buttons, or none.", bool),
    QueryParameter("notify", "Only events that somebody is to be notified of, or none.", bool),
)
"""By what events are chosen, in lists and in the stream."""

PAGE: Final = (
    QueryParameter("q", "Words that it holds, the last one as the beginning of a word; at most 32 count."),
    *FIELDS,
    QueryParameter(
        "feed", "`true`: what begins a thread or stands alone, each with its thread; nothing of Ensue's own.", bool
    ),
    QueryParameter("since", "From this `time` on (RFC 3339)."),
    QueryParameter("until", "Before this `time` (RFC 3339)."),
    QueryParameter("state", "`scheduled`: those that are not due yet; otherwise those that happened."),
    LIMIT,
    NEXT,
)
_OF: Final = "event"
_OF_SCHEDULED: Final = "scheduled"
_PRESSES: Final = f"{RESERVED}action."
"""What a plain list leaves out: every press of a button is such an event, shown in its card's thread."""


async def send(engine: Engine, call: Call) -> Answer:
    """`POST /events`: one event, on disk before this answers. CloudEvents batches go the way of batches."""
    if call.query:
        call.query_values()
    way, header_key = intake.way_of(call)
    if way == "batch":
        return await batch.send_cloudevents(engine, call, header_key)
    accepted, warnings = intake.read(call, way, header_key, engine.limits)
    return _answer(await engine.ingest.submit(accepted), warnings)


def _answer(receipt: Receipt, warnings: tuple[str, ...]) -> Answer:
    status = receipt.status
    if warnings and status in ("stored", "duplicate"):
        duplicate = status == "duplicate"
        return json_answer(200 if duplicate else 202, Accepted(receipt.event_id, duplicate, warnings))
    if status == "stored":
        return Answer(202, b'{"id":"%b","duplicate":false}' % receipt.event_id.encode())
    if status == "duplicate":
        return Answer(200, b'{"id":"%b","duplicate":true}' % receipt.event_id.encode())
    raise receipt.refusal()


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /events/{id}`."""
    call.query_values()
    known = await engine.event(call.project, call.parameters["id"])
    if known.state != "recorded":
        return _shown(known)
    threads = await engine.threads(call.project, [known.event])
    (view,) = await _views(engine, call.project, [known.event], threads)
    return json_answer(200, view)


def _shown(known: Known) -> Answer:
    return json_answer(200, event_view(known.event, known.state, known.due_at))


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /events`."""
    parameters = Parameters(call, PAGE)
    if parameters.choice("state", ("scheduled",)) is not None:
        return await _scheduled(engine, call, parameters)
    query = _query(call.project, parameters, parameters.before(_OF))
    plain = query.type is None and query.context is None
    found = await engine.events(replace(query, without=_PRESSES if plain else None))
    threads = await engine.threads(call.project, found.items) if query.feed else {}
    views = await _views(engine, call.project, found.items, threads)
    return json_answer(200, EventPage(views, next_page(_OF, found.next)))


async def _views(
    engine: Engine, project: str, events: Sequence[Event], threads: Mapping[str, Thread]
) -> list[EventView]:
    """Events as they come out, each with its thread and how its buttons stand."""
    all_shown = [*events, *(event for thread in threads.values() for event in thread.events)]
    buttons = await engine.actions.buttons(project, all_shown)
    return [event_view(event, thread=threads.get(event.id), buttons=buttons) for event in events]


async def _scheduled(engine: Engine, call: Call, parameters: Parameters) -> Answer:
    """Scheduled events stand in their deliveries, which know no fields: chosen here, so that a page may be short, and
    in a thread, as the words of large ones take their time."""
    query = _query(call.project, parameters, None)
    if query.feed:
        raise EnsueError("invalid", "The feed is of what happened; ask for 'feed' or for 'state', not both.", "feed")
    asked = DeliveryQuery(
        project=call.project,
        kind=SCHEDULED,
        state="pending",
        before=parameters.before(_OF_SCHEDULED),
        limit=query.limit,
    )
    found, following = await engine.scheduled(asked)
    chosen = await asyncio.to_thread(lambda: [known for known in found if wanted(query, known.event)])
    views = [event_view(known.event, known.state, known.due_at) for known in chosen]
    return json_answer(200, EventPage(views, next_page(_OF_SCHEDULED, following)))


def _query(project: str, parameters: Parameters, before: str | None) -> EventQuery:
    return EventQuery(
        project=project,
        since=parameters.moment("since"),
        until=parameters.moment("until"),
        before=before,
        limit=parameters.limit(),
        words=parameters.words("q"),
        feed=parameters.flag("feed") or False,
        **fields_of(parameters),
    )


def fields_of(parameters: Parameters) -> dict[str, Any]:
    """The parameters of `FIELDS`, as fields of an `EventQuery`."""
    texts = ("type", "category", "avatar", "subject", "context", "tenant", "idempotency_key")
    chosen: dict[str, Any] = {name: parameters.text(name) for name in texts}
    return chosen | {name: parameters.flag(name) for name in ("test", "muted", "notify", "actions")}


def wanted(query: EventQuery, event: Event) -> bool:
    """Whether an event is one of those that `query` means."""
    for name in ("category", "avatar", "subject", "tenant", "idempotency_key"):
        asked = getattr(query, name)
        if asked is not None and asked != getattr(event, name):
            return False
    if query.context is not None and (event.context is None or event.context.id != query.context):
        return False
    if query.test is not None and query.test != event.is_test:
        return False
    if query.muted not in (None, event.is_muted) or query.actions not in (None, event.has_actions):
        return False
    if query.notify is not None and query.notify != (event.card is not None and event.card.notify):
        return False
    if (query.since is not None and event.time < query.since) or (
        query.until is not None and event.time >= query.until
    ):
        return False
    if query.words and not answers(terms(query.words), encode_event(event)):
        return False
    return query.type is None or matches(query.type, event.type)


async def cancel(engine: Engine, call: Call) -> Answer:
    """`POST /events/{id}/cancel`."""
    call.query_values()
    return _shown(await engine.cancel_event(call.project, call.parameters["id"]))


async def delete(engine: Engine, call: Call) -> Answer:
    """`DELETE /events/{id}`."""
    call.query_values()
    await engine.remove_event(call.project, call.parameters["id"])
    return Answer(204, content_type=None)
