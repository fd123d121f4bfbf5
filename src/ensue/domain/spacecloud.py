"""Hides how an event is asked for in the words of Space Cloud's queue: its two dialects of time, its two keys of data.

The first path (`/event-triggers/queue`) counts a delay in seconds and refuses what it cannot read. The second
(`/eventing/queue`) counts milliseconds and passes over what it cannot read, as its servers do; events that a webhook
answers with are asked for in its words. Source: design section 9.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, AttributeValue
from ensue.domain.intake import Draft, Extras, Intake, Limits, accept
from ensue.domain.schedule import DAY, SECOND, format_time, parse_time

Path = Literal["first", "second"]

MAX_OPTIONS: Final = 100
MAX_OPTION: Final = 255

_SECONDS_BELOW: Final = 10**11
"""A number below this is a time in seconds, else in milliseconds."""
_FIRST_MOMENT: Final = -62_135_596_800_000
_LAST_MOMENT: Final = 253_402_300_799_999
"""The years 1 to 9999, in milliseconds: what a time can be written for."""
_LONGEST: Final = 10_000 * 366 * DAY
"""A delay beyond this (ms) is as good as infinite."""
_DATA_KEYS: Final[dict[Path, tuple[str, str]]] = {"first": ("data", "payload"), "second": ("payload", "data")}
_NULL: Final = b"null"


def queue_members(request: bytes | Raw, prefix: str = "", *, checked: bool = False) -> dict[str, Raw]:
    """The members of a request's object by their names in lower case, since its servers ignore case; the last wins.

    `checked` and `prefix` as for `decode`. Raises EnsueError `invalid` for what is no JSON object.
    """
    members = decode(bytes(request), dict[str, Raw], prefix, checked=checked)
    return {name.lower(): value for name, value in members.items()}


def queue_request(members: Mapping[str, Raw], path: Path, now: int) -> tuple[Draft, Extras]:
    """The event that `queue_members` ask for, with `options` as its attributes; its `moment` is when it is to run.

    Raises EnsueError `invalid` that names the field.
    """
    moment = _moment(members, path, now)
    draft = Draft(
        type=_type(members),
        data=_data(members, path),
        send_at=format_time(moment) if moment is not None and moment > now else None,
    )
    return draft, Extras(attributes=_options(members.get("options"), path), moment=moment)


def queue_intake(members: Mapping[str, Raw], path: Path, project: str, limits: Limits, now: int) -> Intake:
    """The event that `queue_members` ask for, accepted. Raises EnsueError `invalid` that names the field."""
    draft, extras = queue_request(members, path, now)
    if extras.moment is not None and extras.moment - now > limits.horizon:
        timestamp = _timestamp(_value(members, "timestamp"), path)
        field = "delay" if timestamp is None or timestamp - now <= limits.horizon else "timestamp"
        message = f"'{field}' leads more than {limits.horizon // DAY} days ahead; queue it nearer to its time."
        raise EnsueError("invalid", message, field)
    return accept(draft, project, limits, now, extras=extras)


def is_synchronous(members: Mapping[str, Raw]) -> bool:
    """Whether the sender of `queue_members` waits for the answer of the webhook."""
    return bytes(members.get("issynchronous", EMPTY)) == b"true"


def _type(members: Mapping[str, Raw]) -> str:
    kind = _value(members, "type")
    if not isinstance(kind, str):
        raise EnsueError("invalid", "'type' is text that says what happened, like 'order_paid'.", "type")
    return kind


def _value(members: Mapping[str, Raw], name: str) -> Any:
    raw = members.get(name)
    return None if raw is None else msgspec.json.decode(raw)


def _data(members: Mapping[str, Raw], path: Path) -> Raw:
    """The data by its key on that path, else by the other one; a null counts only where neither says more."""
    first, second = (members.get(name, EMPTY) for name in _DATA_KEYS[path])
    return first if bytes(first) not in (b"", _NULL) or not bytes(second) else second


def _moment(members: Mapping[str, Raw], path: Path, now: int) -> int | None:
    """When the event is to run: its timestamp as given, even a past one, else now, and its delay; None for now."""
    timestamp = _timestamp(_value(members, "timestamp"), path)
    delay = _delay(_value(members, "delay"), path)
    if timestamp is None and not delay:
        return None
    moment = (now if timestamp is None else timestamp) + delay
    if moment > _LAST_MOMENT:
        raise EnsueError("invalid", "'delay' leads beyond all times that can be written; make it shorter.", "delay")
    return moment


def _timestamp(value: Any, path: Path) -> int | None:
    if value is None:
        return None
    try:
        return _read(value)
    except EnsueError:
        if path == "first":
            raise
        return None


def _read(value: Any) -> int:
    if isinstance(value, str):
        return parse_time(value, "timestamp")
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = "'timestamp' is a number of milliseconds or seconds since 1970, or an RFC 3339 time."
        raise EnsueError("invalid", message, "timestamp")
    moment = value * SECOND if abs(value) < _SECONDS_BELOW else value
    if not _FIRST_MOMENT <= moment <= _LAST_MOMENT:  # also what is too large for a number, which is read as infinite
        raise EnsueError("invalid", "'timestamp' is beyond all times that can be written.", "timestamp")
    return int(moment)


def _delay(value: Any, path: Path) -> int:
    """Milliseconds; what is not above 0 is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        if value is None or path == "second":
            return 0
        raise EnsueError("invalid", "'delay' is a number of seconds.", "delay")
    return int(max(0, min(value, _LONGEST)) * (SECOND if path == "first" else 1))


def _options(raw: Raw | None, path: Path) -> dict[str, AttributeValue]:
    options = None if raw is None else msgspec.json.decode(raw)
    if options is None:
        return {}
    if not isinstance(options, dict):
        if path == "second":
            return {}
        raise EnsueError("invalid", "'options' is an object of texts.", "options")
    if len(options) > MAX_OPTIONS:
        raise EnsueError("invalid", f"'options' has {len(options)} names; the limit is {MAX_OPTIONS}.", "options")
    return {_option_name(name): _option(name, value, path) for name, value in options.items()}


def _option_name(name: str) -> str:
    if len(name) > MAX_OPTION:
        raise EnsueError("invalid", f"A name in 'options' is longer than {MAX_OPTION} characters.", "options")
    return name


def _option(name: str, value: Any, path: Path) -> AttributeValue:
    """Text as it is; a truth or a whole number as what it is; anything else is unreadable."""
    if isinstance(value, str | bool) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    if path == "second":
        return ""
    raise EnsueError("invalid", f"'options.{name[:40]}' is text.", f"options.{name[:40]}")
