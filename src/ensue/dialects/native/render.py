"""Hides how things look from outside: RFC 3339 times, masked secrets, nothing of how they are kept (design 10)."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

from ensue.dialects.native.cards import CardView, card_view
from ensue.dialects.native.last import LastAttemptView
from ensue.dialects.native.pushed import PushedToView
from ensue.domain.delivery import JITTER, Attempt, Delivery, State
from ensue.domain.event import EMPTY, AttributeValue, Context, Event
from ensue.domain.press import Button
from ensue.domain.rule import Rule
from ensue.domain.schedule import format_time
from ensue.domain.thread import Thread
from ensue.domain.trigger import Format, Trigger

MASK: Final = "***"
"""What stands where a secret is."""

NO_BUTTONS: Final[Mapping[str, Button]] = {}


class PlainEventView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event as it comes out. `state` is recorded, scheduled (then `due_at` says for when) or cancelled.

    `sender_id` is the sender's own id. `data` is as it was sent; `data_base64` stands for bytes that are not text.
    """

    id: str
    type: str
    time: str
    received_at: str
    state: str
    due_at: str | None = None
    subject: str | None = None
    source: str | None = None
    sender_id: str | None = None
    tenant: str | None = None
    idempotency_key: str | None = None
    context: Context | None = None
    data: Raw = EMPTY
    data_base64: str | None = None
    content_type: str | None = None
    schema: str | None = None
    card: CardView | None = None
    attributes: dict[str, AttributeValue] = {}


class ThreadView(Struct, frozen=True):
    """What goes with an event: the id of the thread's root, how many events it has besides, and the newest of these,
    oldest first: up to 20, fewer where they have more than 256 KiB together. The root is null where only the platform's
    own events are left."""

    root: str | None
    count: int
    events: list[PlainEventView]


class EventView(PlainEventView, frozen=True, omit_defaults=True, kw_only=True):
    """An event as it comes out, in the feed and where one event is asked for with its `thread`, if it does not stand
    alone."""

    thread: ThreadView | None = None


class EventPage(Struct, frozen=True):
    """Events, newest first; `next` goes on, null at the end."""

    items: list[EventView]
    next: str | None = None


class MatchView(Struct, frozen=True, omit_defaults=True):
    """Which events: by any of the type patterns, exact tenant, subject and category, a CEL filter, attributes with one
    of the values between commas, and a rule in Space Cloud's language."""

    type: tuple[str, ...]
    tenant: str | None = None
    subject: str | None = None
    category: str | None = None
    test: bool = False
    filter: str | None = None
    attributes: dict[str, str] = {}
    rule: Rule | None = None


class RetryView(Struct, frozen=True, omit_defaults=True):
    """When a trigger tries again: waits in seconds, the last repeats; `jitter`, where it is not the usual fifth, is the
    share that may be added."""

    attempts: int
    schedule: tuple[float, ...]
    jitter: float = JITTER


class EndpointView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a trigger sends. `secret` is there only in the answer that made it; `old_secret_until` while two sign."""

    url: str
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = {}
    secret: str | None = None
    old_secret_until: str | None = None


class TriggerView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A trigger as it comes out; the values of secret headers are masked."""

    id: str
    name: str
    match: MatchView
    endpoint: EndpointView
    format: Format
    retry: RetryView
    timeout_ms: int
    concurrency: int | None = None
    enabled: bool
    disabled_reason: str | None = None
    filter_error: str | None = None
    filter_off: bool = False
    created_at: str
    updated_at: str
    warnings: tuple[str, ...] = ()


class TriggerPage(Struct, frozen=True):
    """Triggers, newest first; `next` goes on, null at the end."""

    items: list[TriggerView]
    next: str | None = None


class SecretView(Struct, frozen=True):
    """The secret that signs now."""

    secret: str


class RequestView(Struct, frozen=True):
    """What was sent; secret headers are masked."""

    method: str
    url: str
    headers: dict[str, str]


class ResponseView(Struct, frozen=True):
    """What the receiver answered; the body is cut where `truncated`."""

    status: int
    headers: dict[str, str]
    body: str
    truncated: bool


class AttemptView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One try. `number` counts what was sent or failed, `claim` every time that it was taken up; `late` came too late
    to change anything."""

    claim: int
    number: int
    result: str
    started_at: str
    duration_ms: int
    late: bool = False
    error: str | None = None
    request: RequestView | None = None
    response: ResponseView | None = None


class DeliveryView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A delivery as it comes out; `event` and `trigger` are ids. `kind` is webhook, action for a pressed button, or
    webpush for a `device`; these two have no trigger. `due_at` is the next try; `in_flight`: one is under way.
    `attempts` only where one delivery is asked for; `type`, `title` and `test` of the event and `last` only in lists
    with `details`."""

    id: str
    kind: str
    event: str
    trigger: str | None = None
    device: PushedToView | None = None
    state: State
    in_flight: bool
    tries: int
    claim: int
    created_at: str
    due_at: str | None = None
    ended_at: str | None = None
    reason: str | None = None
    replay: str | None = None
    attempts: list[AttemptView] | None = None
    type: str | None = None
    title: str | None = None
    test: bool = False
    last: LastAttemptView | None = None


class DeliveryPage(Struct, frozen=True):
    """Deliveries, newest first; `next` goes on, null at the end."""

    items: list[DeliveryView]
    next: str | None = None


def event_view(
    event: Event,
    state: str = "recorded",
    due_at: int | None = None,
    thread: Thread | None = None,
    buttons: Mapping[str, Button] = NO_BUTTONS,
) -> EventView:
    """An event as it comes out; `buttons` are those that were pressed, of its thread too."""
    return EventView(
        id=event.id,
        type=event.type,
        time=format_time(event.time),
        received_at=format_time(event.received_at),
        state=state,
        due_at=format_time(due_at) if due_at is not None and state == "scheduled" else None,
        subject=event.subject,
        source=event.source,
        sender_id=event.sender_id,
        tenant=event.tenant,
        idempotency_key=event.idempotency_key,
        context=event.context,
        data=event.data or EMPTY,
        data_base64=event.data_base64,
        content_type=event.content_type,
        schema=event.schema,
        card=card_view(event, buttons),
        attributes=event.attributes,
        thread=None if thread is None else _thread_view(thread, buttons),
    )


def _thread_view(thread: Thread, buttons: Mapping[str, Button]) -> ThreadView:
    return ThreadView(thread.root, thread.count, [event_view(event, buttons=buttons) for event in thread.events])


def event_json(event: Event) -> bytes:
    """An event of the log as JSON."""
    return msgspec.json.encode(event_view(event))


def trigger_view(trigger: Trigger, now: int, warnings: tuple[str, ...] = (), secret: str | None = None) -> TriggerView:
    """A trigger as it comes out, with its secret only where it was just made."""
    return TriggerView(
        id=trigger.id,
        name=trigger.name,
        match=MatchView(*msgspec.structs.astuple(trigger.match)),
        endpoint=_endpoint_view(trigger, now, secret),
        format=trigger.format,
        retry=RetryView(*msgspec.structs.astuple(trigger.retry)),
        timeout_ms=trigger.timeout_ms,
        concurrency=trigger.concurrency,
        enabled=trigger.enabled,
        disabled_reason=trigger.disabled_reason,
        filter_error=trigger.filter_error,
        filter_off=trigger.filter_off,
        created_at=format_time(trigger.created_at),
        updated_at=format_time(trigger.updated_at),
        warnings=warnings,
    )


def _endpoint_view(trigger: Trigger, now: int, secret: str | None) -> EndpointView:
    endpoint = trigger.endpoint
    old = [one.until for one in endpoint.secrets[1:] if one.until is not None and one.until > now]
    return EndpointView(
        url=endpoint.url,
        headers=endpoint.headers,
        secret_headers=dict.fromkeys(endpoint.secret_headers, MASK),
        secret=secret,
        old_secret_until=format_time(max(old)) if old else None,
    )


def delivery_view(delivery: Delivery, now: int, attempts: list[AttemptView] | None = None) -> DeliveryView:
    """A delivery as it comes out."""
    return DeliveryView(
        id=delivery.id,
        kind=delivery.kind,
        event=delivery.event_id,
        trigger=delivery.trigger,
        state=delivery.state,
        in_flight=delivery.state == "pending" and delivery.in_flight(now),
        tries=delivery.tries,
        claim=delivery.claim,
        created_at=format_time(delivery.created_at),
        due_at=format_time(delivery.due_at) if delivery.state == "pending" else None,
        ended_at=_maybe(delivery.ended_at),
        reason=delivery.reason,
        replay=delivery.replay,
        attempts=attempts,
    )


def attempt_view(attempt: Attempt) -> AttemptView:
    """An attempt as it comes out."""
    exchange = attempt.exchange
    request = response = None
    if exchange is not None:
        request = RequestView(exchange.method, exchange.url, exchange.request_headers)
        if exchange.status is not None:
            response = ResponseView(
                exchange.status, exchange.response_headers, exchange.response_body, exchange.truncated
            )
    return AttemptView(
        claim=attempt.claim,
        number=attempt.number,
        result=attempt.result,
        started_at=format_time(attempt.started_at),
        duration_ms=attempt.duration_ms,
        late=attempt.late,
        error=attempt.error,
        request=request,
        response=response,
    )


def _maybe(moment: int | None) -> str | None:
    return None if moment is None else format_time(moment)
