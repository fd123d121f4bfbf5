"""Hides the ways in: what a body says, by its media type, becomes an `Intake`: JSON, CloudEvents, plain text.

A body is decoded by types that refuse unknown fields; only one that they refuse is decoded again, by the lenient types
that keep these fields out, and then they are named. So warnings cost nothing where there are none.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, cast

import msgspec
from msgspec import Struct, field

from ensue.domain.card import ActionDraft, CardDraft, ContentDraft
from ensue.domain.cloudevents import kind_of, parse_binary, parse_structured
from ensue.domain.decoding import decode, decode_text
from ensue.domain.errors import EnsueError
from ensue.domain.intake import (
    NO_EXTRAS,
    ContextDraft,
    Draft,
    Extras,
    Intake,
    Limits,
    accept,
    refuse_beyond_public,
    with_header_key,
)
from ensue.domain.key import Key
from ensue.domain.mediatype import media_type
from ensue.http.exchange import Call

Way = Literal["json", "structured", "binary", "batch", "text"]

MESSAGE: Final = "message"
"""The type of an event that was sent as plain text."""

MAX_WARNINGS: Final = 20
MAX_NAME: Final = 80


class StrictContext(ContextDraft, frozen=True, forbid_unknown_fields=True):
    """A context without unknown fields."""


class StrictContent(ContentDraft, frozen=True, forbid_unknown_fields=True):
    """A content without unknown fields."""


class StrictAction(ActionDraft, frozen=True, forbid_unknown_fields=True):
    """A button without unknown fields."""


class StrictCard(CardDraft, frozen=True, forbid_unknown_fields=True):
    """A card without unknown fields."""

    content: StrictContent | None = None
    actions: list[StrictAction] = field(default_factory=list)  # type: ignore[assignment]  # nobody appends to it


class StrictDraft(Draft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event without unknown fields."""

    context: StrictContext | None = None
    card: StrictCard | None = None


_INSIDE: Final[dict[tuple[type[Struct], str], type[Struct]]] = {
    (Draft, "context"): ContextDraft,
    (Draft, "card"): CardDraft,
    (CardDraft, "content"): ContentDraft,
    (CardDraft, "actions"): ActionDraft,
}


class Said(NamedTuple):
    """What a body said: the draft, what only some ways can say, JSON that stands for all of it (to compare when its
    key comes again; None: draft and extras do), and warnings."""

    draft: Draft
    extras: Extras
    meant: bytes | None
    warnings: tuple[str, ...] = ()


def way_of(call: Call) -> tuple[Way, str | None]:
    """The way in that a request takes, and its header `Idempotency-Key`. Raises EnsueError `unsupported`."""
    content_type = key = None
    extended = False
    for name, value in call.headers:
        if name == b"content-type":
            content_type = value
        elif name == b"idempotency-key":
            key = value
        elif name.startswith(b"ce-"):
            extended = True
    header_key = None if key is None else _header_text(key)
    if not extended and (content_type is None or content_type == b"application/json"):
        return "json", header_key
    return _way(content_type, call), header_key


def _header_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise EnsueError("invalid", "The header Idempotency-Key is not UTF-8.", "Idempotency-Key") from None


def _way(content_type: bytes | None, call: Call) -> Way:
    text = None if content_type is None else content_type.decode("latin-1")
    kind = kind_of(text, call.headers)
    if kind != "none":
        return kind
    media = media_type(text) if text is not None and text.strip() else None
    if text is None or not text.strip():
        return "json"
    if media is not None and media.essence == "application/json" and media.is_unicode:
        return "json"
    if media is not None and media.essence == "text/plain" and media.codec is not None:
        return "text"
    message = (
        f"{text[:80]!r} is not spoken here; send application/json, text/plain or CloudEvents "
        "(with curl: -H 'Content-Type: application/json')."
    )
    raise EnsueError("unsupported", message, "content-type")


def read(call: Call, way: Way, header_key: str | None, limits: Limits) -> tuple[Intake, tuple[str, ...]]:
    """The one event in a request, with warnings. Raises EnsueError `invalid`, `too_large`, `forbidden`."""
    body = call.body
    if len(body) > limits.event_bytes:
        raise too_large(limits)
    if way == "json":
        said = read_json(body)
    elif way == "text":
        said = read_text(call)
    elif way == "structured":
        said = told(*parse_structured(body))
    else:
        said = told(*parse_binary(call.headers, body))
    if header_key is not None:
        said = said._replace(draft=with_header_key(said.draft, header_key))
    return accepted(said, cast("Key", call.key), limits, call.now), said.warnings


def accepted(said: Said, key: Key, limits: Limits, now: int) -> Intake:
    """The intake that was meant. Raises EnsueError."""
    draft, extras, meant, _ = said
    if key.public:
        refuse_beyond_public(draft, key)
    if draft.idempotency_key is None:
        meant = b""
    elif meant is None:
        meant = _meaning(draft, extras)
    return accept(draft, key.project, limits, now, body=meant, extras=extras)


def too_large(limits: Limits) -> EnsueError:
    """The refusal of an event beyond its limit."""
    return EnsueError("too_large", f"The event is larger than {limits.event_bytes:,} bytes; send a link to the rest.")


def read_json(body: bytes, *, checked: bool = False) -> Said:
    """What a native body says; `checked` as in `decode`. Raises EnsueError `invalid`."""
    try:
        return Said(decode(body, StrictDraft, checked=checked), NO_EXTRAS, body)
    except EnsueError:
        draft = decode(body, Draft)
    unknown = sorted(set(unknown_fields(msgspec.json.decode(body), Draft)))
    return Said(draft, NO_EXTRAS, body, kept_out(unknown))


def kept_out(unknown: list[str]) -> tuple[str, ...]:
    """Warnings that name unknown fields, not too many."""
    warnings = [f"The field '{name[:MAX_NAME]}' is not known and was kept out." for name in unknown[:MAX_WARNINGS]]
    if len(unknown) > MAX_WARNINGS:
        warnings.append(f"{len(unknown) - MAX_WARNINGS} more unknown fields were kept out.")
    return tuple(warnings)


def unknown_fields(value: Any, kind: type[Struct], path: str = "") -> Iterator[str]:
    """The dotted paths of the fields in `value` that `kind` does not have."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from unknown_fields(item, kind, f"{path.removesuffix('.')}[{at}].")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in kind.__struct_fields__:
                yield path + name
            elif (kind, name) in _INSIDE:
                yield from unknown_fields(inner, _INSIDE[kind, name], f"{path}{name}.")


def read_text(call: Call) -> Said:
    """What plain text says: it is the card's title. Raises EnsueError `invalid`."""
    media = media_type(call.header("content-type") or "")
    codec = (media.codec if media is not None else None) or "utf-8"
    text = decode_text(call.body, codec)
    if not text.strip():
        raise EnsueError("invalid", "The body is empty; its text becomes the title of the event's card.")
    return Said(Draft(type=MESSAGE, card=CardDraft(title=text)), NO_EXTRAS, msgspec.json.encode(text))


def told(draft: Draft, extras: Extras) -> Said:
    """What a CloudEvent says."""
    return Said(draft, extras, None)


def _meaning(draft: Draft, extras: Extras) -> bytes:
    """What a CloudEvent says as JSON, whichever way it came."""
    members = msgspec.structs.asdict(draft) | msgspec.structs.asdict(extras)
    if not draft.data:
        del members["data"]
    return msgspec.json.encode(members)
