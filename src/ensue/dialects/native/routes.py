"""Hides the table of the native API: every call, its right, its limits and its types (design section 10).

Routing, the OpenAPI page, the reference and the tests of isolation are made from it.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ensue.dialects.native import actions, batch, deliveries, events, keys, stats, stream, trials, triggers
from ensue.dialects.native.demo import DEMO
from ensue.dialects.native.people_routes import PEOPLE
from ensue.dialects.native.render import (
    DeliveryPage,
    DeliveryView,
    EventPage,
    EventView,
    SecretView,
    TriggerPage,
    TriggerView,
)
from ensue.dialects.native.replay_routes import REPLAYS
from ensue.dialects.native.server import SERVER
from ensue.domain.cloudevents import BATCH, STRUCTURED
from ensue.domain.intake import Draft
from ensue.domain.key import Scope
from ensue.domain.trigger import TriggerDraft, TriggerPatch
from ensue.http.exchange import JSON, Handler, QueryParameter, Route

BASE: Final = "/api/v1"
BATCH_BYTES: Final = 8 * 1024 * 1024
"""What the routes that take events read by default; the instance's setting replaces it."""

RULE_BYTES: Final = 256 * 1024
"""The most bytes of a trigger or a key as it is sent."""


def _get(
    path: str, handler: Handler, scope: Scope, name: str, summary: str, answer: Any, *query: QueryParameter
) -> Route:
    return Route(
        method="GET",
        path=BASE + path,
        handler=handler,
        name=name,
        summary=summary,
        scope=scope,
        responses={200: answer},
        query=query,
    )


def _do(
    path: str,
    handler: Handler,
    scope: Scope,
    name: str,
    summary: str,
    responses: Mapping[int, Any],
    *,
    request: Any = None,
    method: str = "POST",
) -> Route:
    """A change; one without `request` reads no body."""
    return Route(
        method=method,
        path=BASE + path,
        handler=handler,
        name=name,
        summary=summary,
        scope=scope,
        body_limit=None if request is None else RULE_BYTES,
        request=request,
        responses=responses,
    )


def _body_may_be_left_out(route: Route) -> Route:
    return replace(route, request_required=False)


_SENDING: Final = (
    Route(
        method="POST",
        path=f"{BASE}/events",
        handler=events.send,
        name="sendEvent",
        summary="Send one event; it is on disk, with the deliveries that it owes, before the answer.",
        description=(
            "The same URL takes CloudEvents 1.0 by content type (structured, binary by `ce-` headers, or a batch, "
            "answered with 207), and `text/plain`, whose text becomes the card's title. An idempotency key stands in "
            "the body or in the header `Idempotency-Key`: a repeat within 24 hours is answered with 200 and "
            "`duplicate: true`, one with another body with 422."
        ),
        scope="events:write",
        body_limit=BATCH_BYTES,
        public=True,
        hot=True,
        request=Draft,
        request_media=(JSON, STRUCTURED, BATCH, "text/plain"),
        responses={202: events.Accepted, 200: events.Accepted, 207: batch.BatchAnswer},
    ),
    Route(
        method="POST",
        path=f"{BASE}/events/batch",
        handler=batch.send,
        name="sendEvents",
        summary="Send up to 1,000 events; each has its own result, in order, and all of them are one commit.",
        scope="events:write",
        body_limit=BATCH_BYTES,
        public=True,
        hot=True,
        request=batch.Batch,
        request_media=(JSON, BATCH),
        responses={207: batch.BatchAnswer},
    ),
)

_EVENTS: Final = (
    replace(
        _get("/events", events.page, "events:read", "listEvents", "List events.", EventPage, *events.PAGE),
        description=(
            "The log, newest first. Presses of buttons (`ensue.action.` types) are left out unless `type` or `context` "
            "asks for them: they are in the threads of their cards, and on the stream. With `feed=true` only what "
            "begins a thread or stands alone is listed, each with its `thread`; where a root is removed, or was too "
            "old to be kept, the oldest event that is left of its thread takes its place.\n\n"
            "`q` searches type, subject, title, content, and the strings and numbers in `data` (not its keys), beside "
            "every other filter. Punctuation only parts words; there are no operators. A fresh event is found within a "
            "second. A page may be short, even empty: it goes on while there is a `next`."
        ),
    ),
    _get("/events/{id}", events.read, "events:read", "getEvent", "Read one event.", EventView),
    _do(
        "/events/{id}/cancel",
        events.cancel,
        "events:write",
        "cancelEvent",
        "Cancel a scheduled event that has not run; its idempotency key is free again.",
        {200: EventView},
    ),
    replace(
        _do(
            "/events/{id}",
            events.delete,
            "events:write",
            "deleteEvent",
            "Remove an event for good: its data and card, not its attempts.",
            {204: None},
            method="DELETE",
        ),
        role="admin",
    ),
    Route(
        method="GET",
        path=f"{BASE}/stream",
        handler=stream.follow,
        name="stream",
        summary="Events as they come, as server-sent events.",
        description=(
            "Each event is one message whose data is the event and whose id is its cursor; heartbeats carry an id too. "
            "Go on with `Last-Event-ID` or `?after=`: nothing is lost and nothing repeated. A message `gap` says that "
            "what was between is not in the log any more. A reader that is too far behind is dropped and can resume."
        ),
        scope="events:read",
        responses={200: EventView},
        response_media="text/event-stream",
        query=stream.PARAMETERS,
    ),
)

_ACTIONS: Final = (
    replace(
        _do(
            "/events/{id}/actions/{key}",
            actions.press,
            "actions:run",
            "pressAction",
            "Press a button; the answer tells what came of it.",
            {200: actions.Outcome},
        ),
        description=(
            "One signed request goes to the button's URL, with 10 seconds for its answer: 200 or 201 is `done`, all "
            "else is `failed`, with its `reason`, and may be pressed again. 409 where it is running, finished, expired "
            "or a link; 503 where there is no room to try it now: then nothing is stored. It reads no body."
        ),
    ),
    replace(
        _get(
            "/actions/secret",
            actions.secret,
            "triggers",
            "getActionsSecret",
            "Show the secret that signs the requests of this project's buttons.",
            SecretView,
        ),
        role="admin",
    ),
    _do(
        "/actions/rotate-secret",
        actions.rotate,
        "triggers",
        "rotateActionsSecret",
        "Give the buttons a new secret; the old one signs beside it for 24 hours.",
        {200: SecretView},
    ),
)

_TRIGGERS: Final = (
    _do(
        "/triggers",
        triggers.create,
        "triggers",
        "createTrigger",
        "Make a trigger; `endpoint.secret` is in this answer.",
        {201: TriggerView},
        request=TriggerDraft,
    ),
    replace(
        _do(
            "/triggers/check",
            trials.check,
            "triggers",
            "checkMatch",
            "Try a match against the last 50 events of its types; nothing is made.",
            {200: trials.TrialView},
            request=trials.TrialDraft,
        ),
        role="viewer",
    ),
    _get("/triggers", triggers.page, "triggers", "listTriggers", "List triggers.", TriggerPage, *triggers.PAGE),
    _get("/triggers/{id}", triggers.read, "triggers", "getTrigger", "Read one trigger.", TriggerView),
    replace(
        _get(
            "/triggers/{id}/secret", triggers.secret, "triggers", "getSecret", "Show the secret that signs.", SecretView
        ),
        role="admin",
    ),
    _do(
        "/triggers/{id}",
        triggers.update,
        "triggers",
        "updateTrigger",
        "Change a trigger: what is given replaces, the rest stays; it holds for what is queued too.",
        {200: TriggerView},
        request=TriggerPatch,
        method="PATCH",
    ),
    _do(
        "/triggers/{id}",
        triggers.delete,
        "triggers",
        "deleteTrigger",
        "Delete a trigger; what is still owed to it ends cancelled.",
        {204: None},
        method="DELETE",
    ),
    replace(
        _do(
            "/triggers/{id}/test",
            triggers.test,
            "triggers",
            "testTrigger",
            "Send a test event to this trigger alone, once, now or later, and tell what came of it.",
            {200: triggers.Tested, 202: triggers.Tested},
            request=triggers.TestDraft,
        ),
        role="member",
        request_required=False,
    ),
    _do(
        "/triggers/{id}/enable",
        triggers.enable,
        "triggers",
        "enableTrigger",
        "Switch a trigger on; what waited goes out.",
        {200: TriggerView},
    ),
    _do(
        "/triggers/{id}/disable",
        triggers.disable,
        "triggers",
        "disableTrigger",
        "Switch a trigger off; what comes for it waits.",
        {200: TriggerView},
    ),
    _body_may_be_left_out(
        _do(
            "/triggers/{id}/rotate-secret",
            triggers.rotate,
            "triggers",
            "rotateSecret",
            "Give a trigger a new secret; the old one signs beside it for 24 hours.",
            {200: TriggerView},
            request=triggers.RotationDraft,
        )
    ),
)

_DELIVERIES: Final = (
    _get(
        "/deliveries",
        deliveries.page,
        "deliveries",
        "listDeliveries",
        "List deliveries.",
        DeliveryPage,
        *deliveries.PAGE,
    ),
    _get(
        "/deliveries/{id}",
        deliveries.read,
        "deliveries",
        "getDelivery",
        "Read one delivery with its attempts.",
        DeliveryView,
    ),
    _do(
        "/deliveries/{id}/retry",
        deliveries.retry,
        "deliveries",
        "retryDelivery",
        "Try a delivery again now, under the same id, with as many more attempts as its trigger gives.",
        {200: DeliveryView},
    ),
    _do(
        "/deliveries/{id}/cancel",
        deliveries.cancel,
        "deliveries",
        "cancelDelivery",
        "Stop a delivery; `in_flight` says that it may arrive all the same.",
        {200: DeliveryView},
    ),
)

_STATS: Final = (
    replace(
        _get("/stats", stats.show, "events:read", "getStats", "Count.", stats.Tallies, *stats.QUERY),
        description=(
            "Events by the hour of their `time`, deliveries by the hour in which they ended and by how: `delivered` "
            "at the first try, `delivered_after_retries`, `dead`, `cancelled`; without `by`, the sum. Hours are of "
            "UTC, and those without any are left out. What was removed or pruned is not counted any more. The 100 "
            "largest groups are told apart (10 by hour), all others together as `other`. By hour, the range is at "
            "most 31 days. Deliveries need the scope `deliveries` too."
        ),
    ),
)

_KEYS: Final = (
    _body_may_be_left_out(
        _do(
            "/keys",
            keys.create,
            "admin",
            "createKey",
            "Make a key of this project; token and secret are in this answer only.",
            {201: keys.NewKeyView},
            request=keys.KeyDraft,
        )
    ),
    _get(
        "/keys",
        keys.page,
        "admin",
        "listKeys",
        "List the keys of this project, revoked ones too.",
        keys.KeyPage,
        *keys.PAGE,
    ),
    _get("/keys/{id}", keys.read, "admin", "getKey", "Read one key.", keys.KeyView),
    _do(
        "/keys/{id}",
        keys.revoke,
        "admin",
        "revokeKey",
        "Revoke a key for good; it stays in the list.",
        {200: keys.KeyView},
        method="DELETE",
    ),
)

ROUTES: Final[tuple[Route, ...]] = (
    *_SENDING,
    *_EVENTS,
    *_ACTIONS,
    *_TRIGGERS,
    *_DELIVERIES,
    *REPLAYS,
    *_STATS,
    *_KEYS,
    *PEOPLE,
    *SERVER,
    *DEMO,
)
"""Every call of the native API."""
