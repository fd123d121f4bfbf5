"""Hides how an event is said: Python values in, the body of `POST /events` out, with a key that makes it one event."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict

import msgspec


class EventFields(TypedDict, total=False):
    """The fields of an event beside `type` and `data` (docs/reference/api.md). Times are RFC 3339, or datetimes with a
    zone; `delay` is seconds, or a timedelta; `send_at` and `delay` exclude each other."""

    subject: str | None
    source: str | None
    time: str | datetime | None
    id: str | None
    idempotency_key: str | None
    send_at: str | datetime | None
    delay: float | timedelta | None
    tenant: str | None
    context: str | Mapping[str, Any] | None
    card: Mapping[str, Any] | None


class NewEvent(EventFields, total=False):
    """An event of a batch: `data` is whatever msgspec can write as JSON."""

    type: Required[str]
    data: Any


def event_body(event: NewEvent) -> tuple[dict[str, Any], bool]:
    """The event as it is sent, without the fields that are None, and whether only a key made here says that it is one.

    A `context` that is text is the context's id. An `id` of the sender's makes it one event too.
    """
    body = {name: _sent(value) for name, value in event.items() if value is not None or name == "data"}
    if isinstance(body.get("context"), str):
        body["context"] = {"id": body["context"]}
    own = "idempotency_key" not in body
    if own:
        body["idempotency_key"] = str(uuid.uuid4())
    return body, own and "id" not in body


def encode(body: Any) -> bytes:
    """JSON, of datetimes, dataclasses, UUIDs and the like too. Raises TypeError for what cannot be written."""
    return msgspec.json.encode(body)


def _sent(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value
