"""Hides how an event, or an edit of a user, is written in SuprSend, and what is asked of it (their reference, 3.2).

What arrives at an event's path is an event where it has a name, else an edit: `$user_operations`, or one operator at
the top as browsers send it.
"""

import base64
import binascii
import re
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from ensue.dialects.suprsend.operations import read_operations, read_operators
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY
from ensue.domain.guard import check_url
from ensue.domain.intake import Draft, Extras, Intake, Limits, accept
from ensue.domain.key import Key
from ensue.domain.operation import Edit, Operation

SOURCE: Final = "suprsend"
"""The source of events that came in SuprSend's words: beside it their `$insert_id` guards against repeats."""

OWN_NAMES: Final = frozenset(
    {
        "$identify",
        "$notification_delivered",
        "$notification_dismiss",
        "$notification_clicked",
        "$app_launched",
        "$user_login",
        "$user_logout",
    }
)
"""The names with `$` in front that clients send themselves."""

RESERVED: Final = ("$", "ss_")
MAX_ID: Final = 255
FIRST_TIME: Final = 1_640_995_200_000
"""The earliest `$time` (ms): the beginning of 2022."""
LAST_TIME: Final = 253_402_300_799_999

_SDK: Final = "$ss_sdk_version"
_ATTACHMENTS: Final = "$attachments"
_IDENTIFIED: Final = "$identified_id"
_TENANT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAMES: Final = {
    "subject": "distinct_id",
    "tenant": "tenant_id",
    "id": "$insert_id",
    "idempotency_key": "$idempotency_key",
    "send_at": "trigger_at",
}
"""What SuprSend calls our fields."""

_encode: Final = msgspec.json.Encoder().encode


class EventBody(Struct, frozen=True, kw_only=True, gc=False):
    """An event or an edit as it is sent. What is not known is left out; the workspace is that of the credential."""

    event: str | None = None
    distinct_id: str | None = None
    properties: dict[str, Raw] | None = None
    insert_id: str | None = field(default=None, name="$insert_id")
    time: int | None = field(default=None, name="$time")
    idempotency_key: str | None = field(default=None, name="$idempotency_key")
    tenant_id: str | None = None
    brand_id: str | None = None


class EditBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a body that edits a user."""

    operations: Raw = field(default=EMPTY, name="$user_operations")
    set: Raw = field(default=EMPTY, name="$set")
    set_once: Raw = field(default=EMPTY, name="$set_once")
    add: Raw = field(default=EMPTY, name="$add")
    increment: Raw = field(default=EMPTY, name="$increment")
    append: Raw = field(default=EMPTY, name="$append")
    remove: Raw = field(default=EMPTY, name="$remove")
    unset: Raw = field(default=EMPTY, name="$unset")


class Attachment(Struct, frozen=True):
    """A file that goes with an event: by its URL, or in base64."""

    url: str | None = None
    data: str | None = None
    filename: str | None = None
    content_type: str | None = field(default=None, name="contentType")
    ignore_if_error: bool | None = None


def read(body: bytes, key: Key, limits: Limits, now: int, prefix: str = "", *, checked: bool = False) -> Intake | Edit:
    """What `body` says: an event or an edit; `prefix` is put before the field that an error names.

    Raises EnsueError `invalid`, `too_large`, `forbidden`.
    """
    if len(body) > limits.suprsend_event_bytes:
        what = prefix.rstrip(".") or "The event"
        most = limits.suprsend_event_bytes
        raise EnsueError("too_large", f"{what} is larger than {most:,} bytes; attach files by their URL.")
    if not body:
        raise EnsueError("invalid", "Request body must not be empty")
    said = decode(body, EventBody, prefix, checked=checked)
    try:
        if said.event is not None:
            return _event(said, key.project, limits, now)
        return _edit(said, body, key)
    except EnsueError as error:
        raise in_their_words(error, prefix) from None


def in_their_words(error: EnsueError, prefix: str = "", kind: str = "event") -> EnsueError:
    """A refusal that names our fields as SuprSend does, in its message too: clients read nothing else. `prefix` is put
    before the name; `kind` is what they call the type.
    """
    ours = error.field
    if ours is None:
        theirs, message = prefix.rstrip("."), error.message
    else:
        theirs = prefix + (kind if ours == "type" else _NAMES.get(ours, ours))
        message = error.message.replace(f"'{ours}'", f"'{theirs}'").removeprefix(f"{ours}: ")
    if theirs not in message:
        message = f"{theirs}: {message}"
    return EnsueError(error.code, message, theirs or None)


def _event(said: EventBody, project: str, limits: Limits, now: int) -> Intake:
    name = check_name(said.event or "")
    properties = said.properties
    draft = Draft(
        type=name,
        subject=_subject(said, name),
        data=EMPTY if properties is None else data_of(properties, limits, identify=name == "$identify"),
        source=SOURCE,
        id=said.insert_id,
        idempotency_key=said.idempotency_key,
        tenant=tenant_of(said.tenant_id, said.brand_id),
    )
    return accept(draft, project, limits, now, extras=Extras(moment=check_time(said.time)))


def check_name(name: str) -> str:
    """The name of an event, trimmed: at least two characters, not reserved. Raises EnsueError `invalid`."""
    name = name.strip()
    if len(name) < 2:
        raise EnsueError("invalid", "'event' must have at least 2 characters.", "event")
    if name.startswith(RESERVED) and name not in OWN_NAMES:
        message = f"'event' must not begin with '$' or 'ss_', which are reserved: {name[:80]!r}."
        raise EnsueError("invalid", message, "event")
    return name


def _subject(said: EventBody, name: str) -> str | None:
    """Whom the event is about; what a client reports by itself may be about nobody."""
    if name == "$identify":
        return _identified(said)
    distinct_id = said.distinct_id.strip() if said.distinct_id is not None else ""
    if not distinct_id and (said.distinct_id is not None or name not in OWN_NAMES):
        raise EnsueError("invalid", "must pass value for distinct_id", "distinct_id")
    return distinct_id or None


def _identified(said: EventBody) -> str:
    given = (said.properties or {}).get(_IDENTIFIED)
    try:
        found = msgspec.json.decode(given, type=str) if given is not None else said.distinct_id or ""
    except msgspec.ValidationError:
        found = ""
    if not found.strip():
        raise EnsueError("invalid", f"must pass value for {_IDENTIFIED}", f"properties.{_IDENTIFIED}")
    return found


def check_time(time: int | None) -> int | None:
    """When it happened (ms). Raises EnsueError `invalid` for what cannot be milliseconds of our time."""
    if time is not None and not FIRST_TIME <= time <= LAST_TIME:
        raise EnsueError("invalid", f"'$time' must be milliseconds since 1970, {FIRST_TIME} or later.", "$time")
    return time


def tenant_of(tenant_id: str | None, brand_id: str | None) -> str | None:
    """The tenant, which brands are an older name of. Raises EnsueError `invalid` for what cannot be one."""
    if not tenant_id and not brand_id:
        return None
    name = "tenant_id" if tenant_id else "brand_id"
    tenant = (tenant_id or brand_id or "").strip()
    if not _TENANT.fullmatch(tenant):
        raise EnsueError("invalid", f"'{name}' must be 1 to 64 letters, digits, '_' or '-'.", name)
    return tenant


def data_of(properties: dict[str, Raw], limits: Limits, *, identify: bool = False) -> Raw:
    """The data of an event: its properties, without the version of the client. Raises EnsueError `invalid`."""
    properties.pop(_SDK, None)
    for name, value in properties.items():
        if name.startswith(RESERVED):
            _check_reserved(name, value, limits, identify=identify)
    return Raw(_encode(properties))


def _check_reserved(name: str, value: Raw, limits: Limits, *, identify: bool) -> None:
    if name == _ATTACHMENTS:
        check_attachments(value, limits, f"properties.{_ATTACHMENTS}")
    elif not (identify and name == _IDENTIFIED):
        message = f"'properties' must have no key that begins with '$' or 'ss_', which are reserved: {name[:80]!r}."
        raise EnsueError("invalid", message, f"properties.{name[:80]}")


def check_attachments(value: Raw, limits: Limits, where: str) -> None:
    """Refuse attachments that no message could carry. Nothing is fetched. Raises EnsueError `invalid`."""
    for at, one in enumerate(decode(bytes(value), list[Attachment], where, checked=True)):
        place = f"{where}[{at}]"
        if one.url:
            check_url(one.url, limits.allowed, f"{place}.url")
        elif one.data:
            _check_base64(one.data, f"{place}.data")
        else:
            raise EnsueError("invalid", f"'{place}' has neither 'url' nor 'data'; give one of them.", place)


def _check_base64(text: str, where: str) -> None:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EnsueError("invalid", f"'{where}' is not base64.", where) from None


def _edit(said: EventBody, body: bytes, key: Key) -> Edit:
    given = msgspec.structs.asdict(msgspec.json.decode(body, type=EditBody))
    listed: Raw = given.pop("operations")
    found: list[Operation] = []
    if bytes(listed):
        found += read_operations(msgspec.json.decode(listed), "$user_operations")
    for name, value in given.items():
        if bytes(value):
            values: dict[str, Any] = {f"${name}": msgspec.json.decode(value)}
            found += read_operators(values, f"${name}")
    if not found:
        raise EnsueError("invalid", "must pass value for either event or distinct_id/anonymous_id", "event")
    if key.public:
        raise EnsueError("forbidden", f"The key {key.id} is public: it may send events, and edit nobody.")
    distinct_id = (said.distinct_id or "").strip()
    if not distinct_id:
        raise EnsueError("invalid", "must pass value for distinct_id", "distinct_id")
    return Edit(distinct_id, found, _insert_id(said.insert_id))


def _insert_id(text: str | None) -> str | None:
    """The sender's own id of an edit, trimmed. Raises EnsueError `invalid` for what cannot be one."""
    found = (text or "").strip()
    if len(found) > MAX_ID or not found.isprintable():
        raise EnsueError("invalid", f"'$insert_id' must be 1 to {MAX_ID} printable characters.", "$insert_id")
    return found or None
