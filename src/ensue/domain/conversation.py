"""Hides what a webhook of Space Cloud and we say to each other: a body of six keys, two passes, what an answer means.

An answer is a JSON object, or it means nothing. Its `error` makes the try a failed one, its `event` and `events` are
requests to the queue in the words of the newer path, its `response` is for whoever waits. Source: design section 9.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.attributes import as_reference
from ensue.domain.delivery import Delivery
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, Card, Context, Event
from ensue.domain.intake import Intake, Limits
from ensue.domain.schedule import MINUTE, format_time
from ensue.domain.spacecloud import queue_intake, queue_members
from ensue.domain.trigger import Format, Trigger

MAX_CHAINED: Final = 100
"""So many events of one answer count."""
MAX_HOPS: Final = 16
"""So many events may follow of each other by answers and reports."""
PASS_FOR: Final = 30 * MINUTE
"""How long a pass holds (ms)."""
COMPLAINT: Final = "the answer says: "
"""How the error of an attempt begins whose receiver said in words of its own why."""
MAX_COMPLAINT: Final = 316
"""So much of such an error is kept. It is cut after secrets were masked: half of one would not be found."""
CAUSE: Final = "causationid"
"""The attribute that names the event that another one follows of (CloudEvents' extension for correlation)."""

_VERSIONS: Final[dict[str, str]] = {"spacecloud": "1.0", "spacecloud-1.0-rc1": "1.0-rc1"}
_NULL: Final = Raw(b"null")


class _SixKeys(Struct, frozen=True):
    """The whole body, in the order in which its receivers know it."""

    data: Raw | str
    id: str
    source: str
    specversion: str
    time: str
    type: str


def six_keys(event: Event, form: Format | str, source: str) -> bytes:
    """`event` as the body of a webhook; `source` stands in where it has none. Bytes that are not text are base64."""
    return msgspec.json.encode(
        _SixKeys(
            data=event.data_base64 if event.data_base64 is not None else event.data or _NULL,
            id=event.sender_id or event.id,
            source=as_reference(event.source or source),
            specversion=_VERSIONS[form],
            time=format_time(event.time),
            type=event.type,
        )
    )


def passes(node: str, now: int) -> dict[str, dict[str, Any]]:
    """The claims of the tokens that say to a receiver who calls, by header; `now` is ms, `exp` seconds."""
    expires = (now + PASS_FOR) // 1000
    return {
        "Authorization": {"id": "internal-sc-user", "nodeId": node, "role": "SpaceCloud", "exp": expires},
        "X-Sc-Token": {"id": node, "role": "SpaceCloud", "exp": expires},
    }


class Heard(Struct, frozen=True):
    """What an answer says: why it is a failure, or the object that it is; neither where it means nothing."""

    error: str | None = None
    reply: Raw = EMPTY


def heard(body: bytes) -> Heard:
    """What the body of an answer says."""
    members = _members(body)
    if members is None:
        return Heard()
    complaint = _value(members.get("error"))
    if complaint:
        text = complaint if isinstance(complaint, str) else msgspec.json.encode(complaint).decode()
        return Heard(error=COMPLAINT + text)
    return Heard(reply=Raw(body))


def response_of(reply: Raw) -> Raw | None:
    """The answer's `response`; None where it has none, or null."""
    members = _members(bytes(reply)) or {}
    found = members.get("response", _NULL)
    return None if bytes(found) == b"null" else found


class Chained(Struct, frozen=True):
    """The events that follow of an answer, and what is to be said of those that were left out."""

    intakes: tuple[Intake, ...] = ()
    left_out: str | None = None


def chained(reply: Raw, cause: Event, limits: Limits, now: int) -> Chained:
    """What the receiver of `cause` asks for: each request counts for itself."""
    requests = _requests(_members(bytes(reply)) or {})
    if not requests:
        return Chained()
    if cause.hops >= MAX_HOPS:
        reason = f"{cause.hops} events have followed of each other, the most there can be"
        return Chained((), _left_out(len(requests), len(requests), reason))
    intakes: list[Intake] = []
    reason = f"an answer may have {MAX_CHAINED}"
    for request in requests[:MAX_CHAINED]:
        try:
            intakes.append(_following(request, cause, limits, now))
        except EnsueError as error:
            reason = error.message
    left = len(requests) - len(intakes)
    return Chained(tuple(intakes), _left_out(left, len(requests), reason) if left else None)


def _left_out(count: int, of: int, reason: str) -> str:
    return f"{count} of the {of} events that it answered with were left out: {reason}"


def _requests(members: Mapping[str, Raw]) -> list[Raw]:
    """`event`, then `events`; a null is none."""
    events = members.get("events", _NULL)
    many = msgspec.json.decode(events, type=list[Raw]) if bytes(events)[:1] == b"[" else [events]
    return [one for one in (members.get("event", _NULL), *many) if bytes(one) != b"null"]


def _following(request: Raw, cause: Event, limits: Limits, now: int) -> Intake:
    if len(bytes(request)) > limits.event_bytes:
        raise EnsueError("too_large", f"an event may have {limits.event_bytes} bytes")
    intake = queue_intake(queue_members(request, checked=True), "second", cause.project, limits, now)
    attributes = {CAUSE: cause.id} | intake.event.attributes
    return replace(intake, event=replace(_in_its_thread(intake.event, cause), attributes=attributes))


def _in_its_thread(event: Event, cause: Event) -> Event:
    """`event` one hop behind `cause`: in its context, and a test where that was one."""
    context = None if cause.context is None else Context(cause.context.id)
    return replace(event, hops=cause.hops + 1, context=context, card=Card(test=True) if cause.is_test else None)


def dead_letter(delivery: Delivery, event: Event, trigger: Trigger, source: str, now: int) -> Event | None:
    """The event that tells, in Space Cloud's words, that a delivery of `event` has died; None where too many followed
    of each other already."""
    if event.hops >= MAX_HOPS:
        return None
    data = {
        "event_id": event.id,
        "event_type": event.type,
        "event_payload": event.data_base64 if event.data_base64 is not None else event.data or None,
        "event_timestamp": format_time(event.time),
        "event_name": trigger.name,
    }
    letter = Event(
        id=ids.event_id(now),
        project=delivery.project,
        type=f"dlq_{trigger.name}",
        time=now,
        received_at=now,
        source=source,
        data=Raw(msgspec.json.encode(data)),
        content_type="application/json",
        attributes={CAUSE: event.id},
    )
    return _in_its_thread(letter, event)


def _members(body: bytes) -> dict[str, Raw] | None:
    """The members of an object by their names in lower case; None for what is no object of sound JSON."""
    try:
        return queue_members(body)
    except EnsueError:
        return None


def _value(raw: Raw | None) -> Any:
    return None if raw is None else msgspec.json.decode(raw)
