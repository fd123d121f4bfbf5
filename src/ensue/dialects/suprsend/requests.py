"""Hides how requests for workflows are shaped in SuprSend (their reference, 3.4 to 3.6): fields, recipients, delays."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Raw, Struct, field

from ensue.domain.channel_identity import CHANNELS
from ensue.domain.errors import EnsueError

MOST_VALUES: Final = 10
"""Values that a recipient may bring along for one channel."""
MAX_DEPTH: Final = 2
"""How far an object's subscriptions are followed."""

_CHANNELS: Final = frozenset({*CHANNELS, "messenger"})
_TEXTS: Final = ("$timezone", "$locale", "$preferred_language")
_DELAY: Final = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_UNITS: Final = (86_400, 3_600, 60, 1)
_ISO: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,30})?)?)([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)


class WorkflowRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A workflow by its slug. Nothing else may stand beside these fields."""

    workflow: str
    recipients: list[Any]
    data: dict[str, Raw] | None = None
    actor: Any = None
    tenant_id: str | None = None
    idempotency_key: str | None = field(default=None, name="$idempotency_key")
    cancellation_key: str | None = None
    metadata: dict[str, Any] | None = None


class Dynamic(Struct, frozen=True, kw_only=True):
    """A workflow that says all of itself."""

    name: str
    template: str
    notification_category: str
    users: list[Any]
    data: dict[str, Raw]
    delay: str | int | None = None
    trigger_at: str | None = None
    delivery: dict[str, Any] | None = None
    tenant_id: str | None = None
    brand_id: str | None = None
    idempotency_key: str | None = field(default=None, name="$idempotency_key")


class Broadcast(Struct, frozen=True, kw_only=True):
    """A template to everybody on a list."""

    list_id: str
    template: str
    notification_category: str
    data: dict[str, Raw]
    channels: list[str] | None = None
    delay: str | int | None = None
    trigger_at: str | None = None
    insert_id: str | None = field(default=None, name="$insert_id")
    time: int | None = field(default=None, name="$time")
    tenant_id: str | None = None
    brand_id: str | None = None
    idempotency_key: str | None = field(default=None, name="$idempotency_key")


def check_recipients(values: list[Any], name: str, tenant: str | None) -> str | None:
    """The id of the only recipient, where it is one user; None for several, or anybody else.

    Raises EnsueError `invalid`.
    """
    if not values:
        raise _wrong(name, "must contain at least 1 item")
    found = [check_recipient(one, f"{name}[{at}]", tenant) for at, one in enumerate(values)]
    return found[0] if len(found) == 1 else None


def check_cancellation(key: str | None) -> None:
    """Refuse a key by which nothing could be cancelled; EnsueError `invalid`."""
    if key is not None and not 0 < len(key.strip()) <= 255:
        raise _wrong("cancellation_key", "must have 1 to 255 characters")


def check_recipient(value: Any, where: str, tenant: str | None) -> str | None:
    """The id of a recipient who is a user; None for an object, or for somebody who is known for this once only.

    Raises EnsueError `invalid`.
    """
    if isinstance(value, str):
        return _identifier(value, where)
    if not isinstance(value, dict):
        raise _wrong(where, "value must be either of type string or map")
    if "object_type" in value or ("id" in value and "distinct_id" not in value):
        _check_object(value, where)
        return None
    if "distinct_id" not in value:
        if value.get("is_transient") is not True:
            raise _wrong(where, "one of [distinct_id, object_type/id] must be present")
        found = None
    else:
        found = _identifier(value["distinct_id"], f"{where}.distinct_id")
    _check_user(value, where, tenant)
    if found is None and not any(f"${channel}" in value for channel in _CHANNELS):
        raise _wrong(where, "channel details missing for transient user")
    return found


def _identifier(value: Any, where: str) -> str:
    found = value.strip() if isinstance(value, str) else ""
    if not 0 < len(found) <= 255:
        raise _wrong(where, "must be a string of 1 to 255 characters")
    return found


def _check_object(value: Mapping[str, Any], where: str) -> None:
    for name in ("object_type", "id"):
        _identifier(value.get(name), f"{where}.{name}")
    query = value.get("$object_subscriptions_query")
    if query is None:
        return
    depth = query.get("depth") if isinstance(query, dict) else None
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or not 0 <= depth <= MAX_DEPTH):
        raise _wrong(f"{where}.$object_subscriptions_query", f"depth must be 0 to {MAX_DEPTH}")


def _check_user(value: Mapping[str, Any], where: str, tenant: str | None) -> None:
    channels = value.get("$channels")
    if channels is not None and not (isinstance(channels, list) and all(_is_channel(one) for one in channels)):
        raise _wrong(f"{where}.$channels", f"must be a list of these: {', '.join(sorted(_CHANNELS))}")
    for channel in _CHANNELS:
        if f"${channel}" in value:
            _check_values(value[f"${channel}"], f"{where}.${channel}")
    for name in _TEXTS:
        if not isinstance(value.get(name, ""), str):
            raise _wrong(f"{where}.{name}", "value must be of string type")
    context = value.get("$context")
    named = context.get("tenant_id") if isinstance(context, dict) else None
    if named is not None and named != tenant:
        raise _wrong(f"{where}.$context.tenant_id", "must be the tenant_id of the request")


def _is_channel(value: Any) -> bool:
    return isinstance(value, str) and value in _CHANNELS


def _check_values(value: Any, where: str) -> None:
    values = value if isinstance(value, list) else [value]
    if not 0 < len(values) <= MOST_VALUES:
        raise _wrong(where, f"must have 1 to {MOST_VALUES} items")
    if not all(isinstance(one, str | dict) and one for one in values):
        raise _wrong(where, "each item must be a string or an object, and not empty")


def delay_of(value: str | int | None) -> float | None:
    """Seconds of a delay: a number of them, or `1d2h30m10s`. Raises EnsueError `invalid`."""
    if value is None or isinstance(value, int):
        return value
    found = _DELAY.fullmatch(value.strip()) if value.strip() else None
    if found is None:
        raise _wrong("delay", "invalid duration-format. valid format [xx]d[xx]h[xx]m[xx]s")
    return float(sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True)))


def moment_of(value: str | None) -> str | None:
    """A moment in ISO 8601 as RFC 3339; without a zone it is UTC. Raises EnsueError `invalid`."""
    if value is None:
        return None
    found = _ISO.fullmatch(value.strip())
    if found is None:
        raise _wrong("trigger_at", "must be in ISO 8601 format")
    day, time, zone = found[1], found[2], found[3] or "Z"
    if len(time) == 5:
        time += ":00"
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{day}T{time}{zone}"


def _wrong(where: str, why: str) -> EnsueError:
    return EnsueError("invalid", f"{where}: {why}", where)
