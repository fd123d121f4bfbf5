"""Hides how an event is written as a CloudEvent 1.0.2 over HTTP, and read from one: structured, binary and batch.

Strict on the way in (an SDK that guesses would hide what is wrong), exact on the way out: `data` travels verbatim,
never decoded and encoded again. What the specification leaves open is decided here: binary mode always names the
content type, `application/json` or `application/octet-stream` where the event has none; a body without a content type
is JSON if it is valid JSON, else bytes; an empty body is no data; blanks around JSON are dropped; what an event has
beyond CloudEvents (key, tenant, context) becomes extensions.
Sources: CloudEvents 1.0.2; JSON format 1.0.2; HTTP protocol binding 1.0.2.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

from ensue.domain.attributes import (
    as_reference,
    canonical,
    check_name,
    check_text,
    check_value,
    from_header,
    is_absolute,
    is_reference,
    to_header,
    without_controls,
)
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, AttributeValue, Event
from ensue.domain.intake import Draft, Extras
from ensue.domain.mediatype import BYTES, JSON, MediaType, media_type
from ensue.domain.schedule import format_time, parse_time
from ensue.domain.slices import cut

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

Kind = Literal["structured", "batch", "binary", "none"]
Headers = Sequence[tuple[bytes, bytes]]
Attributes = dict[str, AttributeValue]

_FAMILY: Final = "application/cloudevents"
_MARKS: Final = (b"ce-specversion", b"ce-id", b"ce-type", b"ce-source")
_CORE: Final = frozenset(
    ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data")
)
_FORMS: Final = {
    "source": (is_reference, "a URI-reference (RFC 3986)"),
    "dataschema": (is_absolute, "an absolute URI (RFC 3986)"),
    "datacontenttype": (media_type, "a media type (RFC 2046)"),
}
_BLANKS: Final = b" \t\r\n"
_splitter: Final = msgspec.json.Decoder(list[Raw])


def kind_of(content_type: str | None, headers: Headers) -> Kind:
    """How a request carries CloudEvents, if it does; `none` if it is something else.

    Raises EnsueError `unsupported` for a format or a charset that is not spoken here.
    """
    text = (content_type or "").strip()
    if not text.lower().startswith(_FAMILY):
        return "binary" if any(name.lower() in _MARKS for name, _ in headers) else "none"
    media = media_type(text)
    if media is None or media.essence not in (STRUCTURED, BATCH):
        message = f"The format {text[:80]!r} is not spoken here; send {STRUCTURED}, {BATCH}, or binary mode."
        raise EnsueError("unsupported", message, "content-type")
    if media.charset not in (None, "utf-8", "utf8"):
        raise EnsueError("unsupported", "CloudEvents in JSON are UTF-8; send them so.", "content-type")
    return "structured" if media.essence == STRUCTURED else "batch"


def parse_structured(body: bytes, prefix: str = "") -> tuple[Draft, Extras]:
    """The event in a body of `application/cloudevents+json`; `prefix` is put before the field that an error names.

    Raises EnsueError `invalid`.
    """
    members = decode(body, dict[str, Raw], prefix)
    try:
        data, encoded = members.pop("data", EMPTY), members.pop("data_base64", None)
        values = {name: msgspec.json.decode(value) for name, value in members.items()}
        attributes = _attributes({name: value for name, value in values.items() if value is not None})
        return _drafted(attributes, data, _base64(encoded))
    except EnsueError as error:
        raise EnsueError(error.code, error.message, prefix + (error.field or "")) from None


def parse_batch(body: bytes) -> list[tuple[Draft, Extras] | EnsueError]:
    """The events in a body of `application/cloudevents-batch+json`, in order; what is wrong with one is its own affair.

    Raises EnsueError `invalid` if the body is not a JSON array.
    """
    try:
        body.decode("utf-8")
        items = _splitter.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        pieces = cut(body, None)
        if pieces is None:
            raise EnsueError("invalid", f"The body is not a JSON array of CloudEvents: {error}.") from None
        return [_item(piece, f"[{at}].") for at, piece in enumerate(pieces)]
    return [_item(bytes(item), f"[{at}].") for at, item in enumerate(items)]


def _item(body: bytes, prefix: str) -> tuple[Draft, Extras] | EnsueError:
    try:
        return parse_structured(body, prefix)
    except EnsueError as error:
        return error


def parse_binary(headers: Headers, body: bytes) -> tuple[Draft, Extras]:
    """The event in `ce-` headers and a body; header names in any case. Raises EnsueError `invalid`."""
    values: dict[str, str] = {}
    for key, value in headers:
        header = key.decode("latin-1").lower()
        if header.startswith("ce-"):
            _add(values, header.removeprefix("ce-"), value)
        elif header == "content-type":
            values["datacontenttype"] = value.decode("latin-1").strip(" \t")
    attributes = _attributes(values)
    content_type = attributes.get("datacontenttype")
    data, encoded = _carried(media_type(str(content_type)) if content_type else None, body)
    return _drafted(attributes, data, encoded)


def _add(values: dict[str, str], name: str, value: bytes) -> None:
    if name in ("datacontenttype", "data"):
        place = "the header Content-Type" if name == "datacontenttype" else "the body"
        raise EnsueError("invalid", f"The header 'ce-{name}' must not be sent; it is {place}.", name)
    if name in values:
        raise EnsueError("invalid", f"The header 'ce-{name[:40]}' was sent twice.", name[:40])
    values[name] = from_header(name, value)


def _carried(media: MediaType | None, body: bytes) -> tuple[Raw, str | None]:
    """What a body is kept as: JSON, a JSON string of the text, or base64."""
    if not body:
        return EMPTY, None
    if media is None or (media.is_json and media.is_unicode):
        try:
            decode(body, Raw, "data.")
            return Raw(body.strip(_BLANKS)), None
        except EnsueError:
            if media is not None:
                raise
    elif media.is_text and media.is_unicode and b"\x00" not in body:
        try:
            return Raw(msgspec.json.encode(body.decode(media.codec or "utf-8"))), None
        except UnicodeDecodeError:
            pass
    return EMPTY, base64.b64encode(body).decode()


def _attributes(values: dict[str, Any]) -> Attributes:
    """The attributes, each of its type; the required ones are there."""
    if values.get("specversion") != "1.0":
        given = "is missing" if "specversion" not in values else f"is {str(values['specversion'])[:20]!r}"
        raise EnsueError(
            "invalid", f"The attribute 'specversion' {given}; CloudEvents 1.0 is spoken here.", "specversion"
        )
    for name in ("id", "source", "type"):
        if name not in values:
            raise EnsueError("invalid", f"The attribute '{name}' is required.", name)
    return {name: _attribute(name, value) for name, value in values.items()}


def _attribute(name: str, value: Any) -> AttributeValue:
    check_name(name)
    if name not in _CORE and name != "idempotencykey":
        return check_value(name, value)
    text = check_text(name, value, empty=False)
    if name == "time":
        parse_time(text, "time")
    valid = _FORMS.get(name)
    if valid is not None and not valid[0](text):
        raise EnsueError("invalid", f"The attribute '{name}' is not {valid[1]}: {text[:80]!r}.", name)
    return text


def _base64(encoded: Raw | None) -> str | None:
    value = None if encoded is None else msgspec.json.decode(encoded)
    if value is None:
        return None
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise EnsueError("invalid", "'data_base64' is not base64 (RFC 4648).", "data_base64") from None
    return str(value)


def _drafted(attributes: Attributes, data: Raw, encoded: str | None) -> tuple[Draft, Extras]:
    content_type = _text(attributes, "datacontenttype")
    if encoded is not None and bytes(data):
        raise EnsueError("invalid", "'data' and 'data_base64' exclude each other; send one of them.", "data_base64")
    media = media_type(content_type) if content_type else None
    if media is not None and not media.is_json and bytes(data) and not data_is_text(data):
        raise EnsueError("invalid", f"'data' is a string where the content type is {content_type!r}.", "data")
    draft = Draft(
        type=str(attributes["type"]),
        data=data,
        subject=_text(attributes, "subject"),
        source=_text(attributes, "source"),
        time=_text(attributes, "time"),
        id=_text(attributes, "id"),
        idempotency_key=_text(attributes, "idempotencykey"),
    )
    own = {name: value for name, value in attributes.items() if name not in _CORE and name != "idempotencykey"}
    extras = Extras(
        attributes=own, data_base64=encoded, content_type=content_type, schema=_text(attributes, "dataschema")
    )
    return draft, extras


def _text(attributes: Attributes, name: str) -> str | None:
    value = attributes.get(name)
    return None if value is None else str(value)


def data_is_text(data: Raw) -> bool:
    """Whether `data` is a JSON string."""
    return bytes(memoryview(data)[:64]).lstrip(_BLANKS).startswith(b'"')


def structured(event: Event, source: str) -> bytes:
    """`event` as a body of `application/cloudevents+json`; `source` stands in where it has none."""
    members: dict[str, Any] = dict(_written(event, source))
    if event.content_type is not None:
        members["datacontenttype"] = event.content_type
    if event.data_base64 is not None:
        members["data_base64"] = event.data_base64
    elif bytes(event.data):
        members["data"] = event.data
    return msgspec.json.encode(members)


def binary(event: Event, source: str) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """`event` as headers and a body; `source` stands in where it has none."""
    headers = [(f"ce-{name}", to_header(value)) for name, value in _written(event, source).items()]
    content_type, body = plain(event)
    if body or event.content_type is not None:
        headers.append(("content-type", content_type))
    return tuple(headers), body


def plain(event: Event) -> tuple[str, bytes]:
    """The data of `event` alone, and its content type: the bytes that the sender sent. Without data there are none."""
    media = media_type(event.content_type) if event.content_type else None
    if event.data_base64 is not None:
        return (event.content_type if media and event.content_type else BYTES), base64.b64decode(event.data_base64)
    if media is None or event.content_type is None:
        return JSON, bytes(event.data)
    if media.is_json or not data_is_text(event.data):
        return event.content_type, bytes(event.data)
    text = msgspec.json.decode(event.data, type=str)
    try:
        return event.content_type, text.encode(media.codec or "utf-8")
    except UnicodeEncodeError:
        return event.content_type, text.encode()


def _written(event: Event, source: str) -> Attributes:
    """The attributes in the order in which they are written; the sender's own are never overwritten by ours."""
    attributes: Attributes = {
        "specversion": "1.0",
        "id": event.sender_id or event.id,
        "source": as_reference(event.source or source),
        "type": event.type,
        "time": format_time(event.time),
    }
    if event.subject is not None:
        attributes["subject"] = event.subject
    if event.schema is not None:
        attributes["dataschema"] = event.schema
    for name, value in event.attributes.items():
        attributes[_named(name)] = without_controls(_held(value))
    for name, ours in _ours(event).items():
        attributes.setdefault(name, ours)
    return attributes


def _ours(event: Event) -> Attributes:
    """What CloudEvents has no attribute for, as extensions."""
    ours: dict[str, AttributeValue | None] = {"idempotencykey": event.idempotency_key, "tenant": event.tenant}
    if event.context is not None:
        ours["contextid"] = event.context.id
        ours["contextstart"] = event.context.start or None
    return {name: value for name, value in ours.items() if value is not None}


def _named(name: str) -> str:
    """A name that CloudEvents allows: other letters are dropped, and the names of the core get an `x` before them."""
    short = re.sub("[^a-z0-9]", "", name.lower())
    return f"x{short}" if short in _CORE or not short else short


def _held(value: AttributeValue) -> AttributeValue:
    fits = isinstance(value, bool | str) or -(2**31) <= value < 2**31
    return value if fits else canonical(value)
