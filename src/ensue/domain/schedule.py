"""Hides how moments are written: RFC 3339 outside, integer milliseconds UTC inside; and when a later event is due."""

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from ensue.domain.errors import EnsueError

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str, field: str) -> int:
    """RFC 3339 text as milliseconds UTC, cut below the millisecond; a leap second is the second after.

    Raises EnsueError `invalid` for another form, or for a moment that does not exist.
    """
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise EnsueError(
            "invalid", f"'{field}' is not an RFC 3339 time like 2026-11-21T09:30:00Z: {text[:40]!r}.", field
        )
    date, time, fraction, zone = found.groups()
    try:
        moment = _moment(date, time)
        if zone not in "Zz":
            moment -= _offset(zone)
    except (ValueError, OverflowError):
        raise EnsueError("invalid", f"'{field}' is a moment that does not exist: {text[:40]!r}.", field) from None
    since = moment - _EPOCH
    return since.days * DAY + since.seconds * SECOND + int((fraction or "0").ljust(3, "0")[:3])


def _moment(date: str, time: str) -> datetime:
    """By the reader of the standard library, a third of what taking the digits apart costs; it may know the hour 24."""
    if time >= "24":
        raise ValueError(time)
    if time.endswith(":59:60"):
        return datetime.fromisoformat(f"{date}T{time[:6]}59+00:00") + timedelta(seconds=1)
    return datetime.fromisoformat(f"{date}T{time}+00:00")


def _offset(text: str) -> timedelta:
    hours, minutes = int(text[1:3]), int(text[4:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset


def format_time(moment: int) -> str:
    """Milliseconds UTC as RFC 3339 with three decimals and `Z`."""
    second, millisecond = divmod(moment, 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    """All of a time but its last digits: what happens now happens within few seconds."""
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:-6]


def due_time(send_at: int | None, delay: float | None, now: int, horizon: int) -> int | None:
    """When an event is due (ms), or None for at once: `send_at` (ms) or `delay` (seconds), at most `horizon` ms ahead.

    A `send_at` that has passed means at once. Raises EnsueError `invalid` for both, a negative delay, or too far ahead.
    """
    if send_at is not None and delay is not None:
        raise EnsueError("invalid", "Give 'send_at' or 'delay', not both.", "delay")
    if delay is not None and not delay >= 0:
        raise EnsueError("invalid", "'delay' is a number of seconds from 0 upwards.", "delay")
    field = "send_at" if delay is None else "delay"
    ahead = delay * SECOND if delay is not None else 0 if send_at is None else send_at - now
    if ahead > horizon:
        raise EnsueError(
            "invalid", f"'{field}' is more than {horizon // DAY} days ahead; send it nearer to its time.", field
        )
    return now + math.ceil(ahead) if ahead > 0 else None
