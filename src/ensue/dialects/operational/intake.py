"""Hides what a body says: Operational's fields, as JSON or as plain text, become a `Draft` (design section 9).

Unknown fields are left out without a word, as there; what is too long is cut where their documents say so, and refused
elsewhere.
"""

import re
from typing import Any, Final, cast

import msgspec
from msgspec import Raw, Struct

from ensue.dialects.operational import graphemes
from ensue.dialects.operational.actions import actions_of
from ensue.dialects.operational.content import content_of, is_given
from ensue.dialects.operational.fields import is_truthy, string_of, text_of
from ensue.domain.card import CardDraft
from ensue.domain.decoding import decode, decode_text
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY
from ensue.domain.intake import ContextDraft, Draft, Intake, Limits, accept, refuse_beyond_public
from ensue.domain.key import Key
from ensue.domain.mediatype import media_type
from ensue.http.exchange import JSON, Call

NAME: Final = 48
"""Characters of a name; the rest is cut."""

CATEGORY: Final = 24
"""Characters of a category; the rest is cut."""

JSON_BYTES: Final = 100 * 1024
TEXT_BYTES: Final = 10 * 1024
"""The most bytes of a body, by its media type."""

MESSAGE: Final = "message"
"""The type of an event without a name."""

_NEEDED: Final = "content field is required"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_WORDS: Final = {
    "type": "name",
    "subject": "userId",
    "distinct_id": "userId",
    "context.id": "contextId",
    "card.title": "name",
    "idempotency_key": "Idempotency-Key",
}
_PARTS: Final = (
    ("card.content.value", "content"),
    (".label", ".buttonText"),
    (".expires_in", ".expireIn"),
    ("card.", ""),
)
"""What the domain calls a field, or a part of it, and what it is called here."""


class Body(Struct, frozen=True, rename="camel", gc=False):
    """An event as it is sent, its types not checked yet."""

    name: Any = None
    avatar: Any = None
    type: Any = None
    content: Raw = EMPTY
    category: Any = None
    user_id: Any = None
    actions: Raw = EMPTY
    notify: Any = None
    test: Any = None
    muted: Any = None
    context_id: Any = None
    context_start: Any = None


def read(call: Call, limits: Limits) -> Intake:
    """The event in a request, stamped. Raises EnsueError with the field in Operational's words."""
    is_text = is_plain_text(call)
    check_size(call, limits, TEXT_BYTES if is_text else JSON_BYTES)
    key = call.header("idempotency-key")
    draft = _draft_of_text(call) if is_text else draft_of(call.body)
    meant = b""
    if key is not None:
        draft = msgspec.structs.replace(draft, idempotency_key=_utf8(key))
        meant = msgspec.json.encode(call.body) if is_text else call.body
    try:
        refuse_beyond_public(draft, cast("Key", call.key))
        return accept(draft, call.project, limits, call.now, body=meant)
    except EnsueError as error:
        raise in_their_words(error) from None


def check_size(call: Call, limits: Limits, most: int = JSON_BYTES) -> None:
    """Refuse a body beyond `most` bytes, or beyond the instance's own limit; EnsueError `too_large`."""
    if len(call.body) > min(most, limits.event_bytes):
        raise EnsueError("too_large", "request entity too large")


def is_plain_text(call: Call) -> bool:
    """Whether the body is plain text; JSON if not. Raises `invalid` for every other media type."""
    given = call.header("content-type")
    if given == JSON:
        return False
    media = media_type(given) if given is not None else None
    if media is not None and media.essence == JSON and media.is_unicode:
        return False
    if media is not None and media.essence == "text/plain" and media.codec is not None:
        return True
    raise wrong_media(call)


def wrong_media(call: Call) -> EnsueError:
    """The refusal of a media type, in their spelling."""
    given = call.header("content-type")
    message = f"Missing or unacceptible content-type sent {'undefined' if given is None else given[:80]}"
    return EnsueError("invalid", message, "content-type")


def _utf8(header: str) -> str:
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise EnsueError("invalid", "The header Idempotency-Key is not UTF-8.", "Idempotency-Key") from None


def _draft_of_text(call: Call) -> Draft:
    """Plain text is the name, an emoji before it the avatar; an emoji alone is both."""
    media = media_type(call.header("content-type") or "")
    text = decode_text(call.body, (media and media.codec) or "utf-8").strip()
    if not text:
        raise EnsueError("invalid", _NEEDED, "content")
    avatar, name = graphemes.split_emoji(text)
    title = _name(name or text)
    return Draft(type=_type(title), card=CardDraft(title=title, avatar=avatar))


def draft_of(body: bytes) -> Draft:
    """What a JSON body says. Raises EnsueError `invalid`."""
    said = _decoded(body)
    name = _name(string_of(said.name, "name"))
    if name is None and not is_given(said.content):
        raise EnsueError("invalid", _NEEDED, "content")
    category = string_of(said.category, "category")
    context = text_of(said.context_id, "contextId")
    card = CardDraft(
        title=name,
        avatar=_avatar(said.avatar),
        category=None if category is None else graphemes.cut(category, CATEGORY),
        content=content_of(said.type, said.content),
        actions=actions_of(said.actions),
        muted=is_truthy(said.muted),
        notify=is_truthy(said.notify),
        test=is_truthy(said.test),
    )
    return Draft(
        type=_type(name),
        subject=text_of(said.user_id, "userId"),
        context=None if context is None else ContextDraft(context, is_truthy(said.context_start)),
        card=card,
    )


def _decoded(body: bytes) -> Body:
    if not body.strip():
        raise EnsueError("invalid", _NEEDED, "content")
    try:
        return decode(body, Body)
    except EnsueError:
        decode(body, object)  # raises again, unless it is JSON that is no object
    raise EnsueError("invalid", _NEEDED, "content")


def _name(name: str | None) -> str | None:
    return None if name is None else graphemes.cut(name, NAME).strip()


def _type(name: str | None) -> str:
    """The event's type: a name, its control characters (line ends, tabs) as blanks."""
    if name is None:
        return MESSAGE
    return name if name.isprintable() else _CONTROL.sub(" ", name).strip() or MESSAGE


def _avatar(value: Any) -> str | None:
    """One sign, or the address of an image; what is no text is left out, as theirs does."""
    if not isinstance(value, str):
        return None
    avatar = value.strip()
    return avatar if avatar[:8].lower().startswith(("http://", "https://")) else graphemes.first(avatar) or None


def in_their_words(error: EnsueError) -> EnsueError:
    """A refusal of the domain, with its field as Operational calls it."""
    if error.field is None:
        return error
    field = _WORDS.get(error.field, error.field)
    for ours, theirs in _PARTS:
        field = field.replace(ours, theirs)
    message = error.message.replace(f"'{error.field}'", f"'{field}'")
    return EnsueError(error.code, message, field, retry_after=error.retry_after)
