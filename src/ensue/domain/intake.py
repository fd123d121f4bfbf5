"""Hides what is asked of an event on its way in: every dialect fills a `Draft`, one function makes the event of it.

Limits: design section 8; fields: design section 10, `POST /events`.
"""

import hashlib
import re
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from ensue.domain import ids
from ensue.domain.card import CardDraft, card_of
from ensue.domain.delivery import Once
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, AttributeValue, Context, Event, refuse_reserved
from ensue.domain.guard import Allowed
from ensue.domain.key import Key
from ensue.domain.schedule import DAY, due_time, parse_time

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

ONCE_FOR: Final = DAY
"""How long an idempotency key, or a sender's id, stands for the same event."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of what comes in (design section 8); sizes in bytes, `horizon` in milliseconds."""

    event_bytes: int = 256 * 1024
    suprsend_event_bytes: int = 100 * 1024
    batch_bytes: int = 8 * 1024 * 1024
    batch_events: int = 1_000
    text: int = 255
    key: int = 255
    actions: int = 20
    horizon: int = 365 * DAY
    allowed: Allowed = Allowed()


class ContextDraft(Struct, frozen=True, gc=False):
    """A context as it is sent."""

    id: str
    start: bool = False


class Draft(Struct, frozen=True, gc=False, kw_only=True):
    """An event as a voice sends it, before it is checked and stamped; the native body has exactly these fields.

    `delay` is seconds; times are RFC 3339 text.
    """

    type: str
    data: Raw = EMPTY
    subject: str | None = None
    source: str | None = None
    time: str | None = None
    id: str | None = None
    idempotency_key: str | None = None
    send_at: str | None = None
    delay: float | None = None
    tenant: str | None = None
    context: ContextDraft | None = None
    card: CardDraft | None = None


class Extras(Struct, frozen=True, gc=False, kw_only=True):
    """What only some ways in can say: CloudEvents attributes, bytes that are not text, their media type and schema.

    `moment` is when it happened, in milliseconds UTC, where the draft gives no `time`.
    """

    attributes: dict[str, AttributeValue] = {}
    data_base64: str | None = None
    content_type: str | None = None
    schema: str | None = None
    moment: int | None = None


class Intake(Struct, frozen=True, gc=False):
    """An event that was accepted but not stored yet; `due_at` (ms) is None for at once, `once` guards repeats."""

    event: Event
    due_at: int | None = None
    once: tuple[Once, ...] = ()


NO_EXTRAS: Final = Extras()


def refuse_beyond_public(draft: Draft, key: Key) -> None:
    """Refuse what a public key may not send: it stands in web pages, and whoever reads them must not reach people, or
    have requests made (design section 8, Keys). Raises EnsueError `forbidden` that names the field.
    """
    if key.public and draft.card is not None and (draft.card.actions or draft.card.notify):
        field = "card.actions" if draft.card.actions else "card.notify"
        raise EnsueError("forbidden", f"The key {key.id} is public: it may not send '{field}'.", field)


def accept(
    draft: Draft, project: str, limits: Limits, now: int, *, body: bytes = b"", extras: Extras = NO_EXTRAS
) -> Intake:
    """The event that `draft` means in `project`, stamped with an id and `now`.

    `body` are the bytes it came in, compared when its idempotency key comes again. Raises EnsueError `invalid` that
    names the field.
    """
    kind = _text(draft.type, "type", limits.text)
    if kind is None:
        raise EnsueError("invalid", "'type' is empty; say what happened, like 'order.paid'.", "type")
    refuse_reserved(kind)
    due_at = _due(draft, now, limits)
    key = _key(draft.idempotency_key, limits.key)
    event = Event(
        id=ids.event_id(now),
        project=project,
        type=kind,
        time=extras.moment if extras.moment is not None else _time(draft.time, due_at, now),
        received_at=now,
        due_at=due_at,
        data=draft.data,
        data_base64=extras.data_base64,
        content_type=extras.content_type,
        schema=extras.schema,
        subject=None if draft.subject is None else _text(draft.subject, "subject", limits.text),
        source=None if draft.source is None else _text(draft.source, "source", limits.text),
        sender_id=None if draft.id is None else _text(draft.id, "id", limits.text),
        tenant=None if draft.tenant is None else _text(draft.tenant, "tenant", limits.text),
        idempotency_key=key,
        context=None if draft.context is None else _context(draft.context, limits),
        card=None if draft.card is None else card_of(draft.card, limits.actions, limits.allowed),
        attributes=extras.attributes,
    )
    return Intake(event, due_at, _once(event, body))


def _due(draft: Draft, now: int, limits: Limits) -> int | None:
    if draft.send_at is None and draft.delay is None:
        return None
    send_at = None if draft.send_at is None else parse_time(draft.send_at, "send_at")
    return due_time(send_at, draft.delay, now, limits.horizon)


def _time(time: str | None, due_at: int | None, now: int) -> int:
    if time is not None:
        return parse_time(time, "time")
    return now if due_at is None else due_at


def _text(text: str, field: str, limit: int) -> str | None:
    """`text` trimmed, None if nothing is left; printable and no longer than `limit` characters, or `invalid`."""
    text = text.strip()
    if len(text) > limit:
        raise EnsueError("invalid", f"'{field}' has {len(text)} characters; the limit is {limit}.", field)
    if not text.isprintable() and _CONTROL.search(text):
        raise EnsueError("invalid", f"'{field}' holds control characters; leave them out.", field)
    return text or None


def _key(key: str | None, limit: int) -> str | None:
    if key is None:
        return None
    trimmed = _text(key, "idempotency_key", limit)
    if trimmed is None:
        raise EnsueError(
            "invalid", "'idempotency_key' is empty; leave it out or give 1 to 255 characters.", "idempotency_key"
        )
    return trimmed


def _context(draft: ContextDraft, limits: Limits) -> Context:
    name = _text(draft.id, "context.id", limits.text)
    if name is None:
        raise EnsueError("invalid", "'context.id' is empty; leave 'context' out or name the thread.", "context.id")
    return Context(name, draft.start)


def _once(event: Event, body: bytes) -> tuple[Once, ...]:
    if event.idempotency_key is None and event.sender_id is None:
        return ()
    promises = []
    if event.idempotency_key is not None:
        promises.append(Once(key_digest(event.idempotency_key), body_digest(body)))
    if event.sender_id is not None:
        promises.append(Once(sender_digest(event.source or "", event.sender_id)))
    return tuple(promises)


def key_digest(key: str) -> bytes:
    """By what an idempotency key is remembered within its project."""
    return hashlib.blake2b(key.encode(), digest_size=16, person=b"key").digest()


def sender_digest(source: str, sender_id: str) -> bytes:
    """By what a sender's own id is remembered: CloudEvents `source` and `id` together (its section 3.1)."""
    text = f"{len(source)}:{source}{sender_id}"
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"sender").digest()


def body_digest(body: bytes) -> bytes:
    """A hash of what was said, without the idempotency key: order of fields and blanks do not count."""
    if not body:
        return b""
    value: Any = msgspec.json.decode(body)
    if isinstance(value, dict):
        value.pop("idempotency_key", None)
    return hashlib.blake2b(msgspec.json.encode(value, order="sorted"), digest_size=16).digest()


def with_header_key(draft: Draft, header: str | None) -> Draft:
    """`draft` with the key of the header `Idempotency-Key`; both and different is `invalid`."""
    if header is None:
        return draft
    if draft.idempotency_key is not None and draft.idempotency_key.strip() != header.strip():
        message = "The header Idempotency-Key and the field 'idempotency_key' differ; give one of them."
        raise EnsueError("invalid", message, "idempotency_key")
    return msgspec.structs.replace(draft, idempotency_key=header)
