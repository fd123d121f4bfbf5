"""Hides what is known of a person whom messages can reach: properties, ways to reach them, language and time zone."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ensue.domain.channel_identity import HOOK, SECRETS, Channel, ChannelIdentity
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.intake import ONCE_FOR

MAX_ID: Final = 255
MAX_BYTES: Final = 64 * 1024
"""The most that a subscriber may come to as JSON, all in all."""

MOST_EDITS_KNOWN: Final = 20
"""So many of the latest edits are remembered by their sender's id."""

KIND: Final = "subscriber"


class AppliedEdit(Struct, frozen=True, array_like=True):
    """That an edit was applied at `at` (ms), by a digest of its sender's id."""

    digest: str
    at: int


class Subscriber(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person of one project, by the id that the product gave them. Times are milliseconds UTC."""

    id: str
    project: str
    created_at: int
    updated_at: int
    properties: dict[str, Any] = field(default_factory=dict)
    channels: dict[Channel, tuple[ChannelIdentity, ...]] = field(default_factory=dict)
    timezone: str | None = None
    locale: str | None = None
    language: str | None = None
    edits: tuple[AppliedEdit, ...] = ()

    def reachable(self, channel: Channel) -> tuple[ChannelIdentity, ...]:
        """What is active of a channel."""
        return tuple(one for one in self.channels.get(channel, ()) if one.status == "active")


def check_subscriber_id(text: str, name: str = "distinct_id") -> str:
    """The id, trimmed: 1 to 255 printable characters; or EnsueError `invalid` that calls it `name`."""
    trimmed = text.strip()
    if not 0 < len(trimmed) <= MAX_ID or not trimmed.isprintable():
        raise EnsueError("invalid", f"'{name}' must be 1 to {MAX_ID} printable characters.", name)
    return trimmed


def new_subscriber(project: str, subscriber_id: str, inbox: str, now: int) -> Subscriber:
    """Somebody of whom nothing is known yet; `inbox` is the address of their inbox, which everybody has."""
    found: dict[Channel, tuple[ChannelIdentity, ...]] = {"inbox": (ChannelIdentity(value=inbox),)}
    return Subscriber(id=subscriber_id, project=project, created_at=now, updated_at=now, channels=found)


def knows_edit(subscriber: Subscriber, once: str, now: int) -> bool:
    """Whether the edit that its sender calls `once` was applied to `subscriber` within a day."""
    digest = _edit_digest(once)
    return any(edit.digest == digest and now - edit.at < ONCE_FOR for edit in subscriber.edits)


def with_edit(subscriber: Subscriber, once: str, now: int) -> Subscriber:
    """The same, with the edit `once` remembered, and without those that are a day old or too many."""
    known = [edit for edit in subscriber.edits if now - edit.at < ONCE_FOR]
    latest = (*known, AppliedEdit(_edit_digest(once), now))[-MOST_EDITS_KNOWN:]
    return replace(subscriber, edits=latest)


def _edit_digest(once: str) -> str:
    return hashlib.blake2b(once.encode(), digest_size=9, person=b"edit").hexdigest()


def with_secrets(subscriber: Subscriber, change: Callable[[str], str]) -> Subscriber:
    """The same with each secret in its channels changed: sealed, opened or masked."""
    if not any(isinstance(one.value, dict) for known in subscriber.channels.values() for one in known):
        return subscriber
    channels = {name: tuple(_changed(one, change) for one in known) for name, known in subscriber.channels.items()}
    return replace(subscriber, channels=channels)


def _changed(identity: ChannelIdentity, change: Callable[[str], str]) -> ChannelIdentity:
    value = identity.value
    if isinstance(value, str):
        return identity
    changed: dict[str, Any] = {name: change(one) if name in SECRETS else one for name, one in value.items()}
    if HOOK in changed:  # whoever knows such a URL may write there
        changed[HOOK] = {"url": change(changed[HOOK]["url"])}
    return replace(identity, value=changed)


def mask(secret: str) -> str:
    """What is shown of a secret: the host of a URL, or what a token's kind is."""
    scheme, between, rest = secret.partition("://")
    if between:
        return f"{scheme}://{rest.partition('/')[0]}/…"
    return f"{secret.partition('-')[0][:5]}-…"


def subscriber_document(subscriber: Subscriber) -> Document:
    """The document that keeps a subscriber. Raises EnsueError `too_large`."""
    body = msgspec.json.encode(subscriber)
    if len(body) > MAX_BYTES:
        message = f"The user {subscriber.id[:80]!r} would take {len(body)} bytes, {MAX_BYTES} is the most."
        raise EnsueError("too_large", f"{message} Unset what is not needed.")
    return Document(kind=KIND, project=subscriber.project, id=subscriber.id, body=body)


def subscriber_of(document: Document) -> Subscriber:
    """The subscriber that a document keeps."""
    return msgspec.json.decode(document.body, type=Subscriber)
