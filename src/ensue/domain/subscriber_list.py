"""Hides what a list of subscribers is, and how its members are named so that both sides find each other in order.

A member is two small documents written in the same commit: one under the list, one under the subscriber.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError

KIND: Final = "subscriber_list"
MEMBER: Final = "member"
"""A member, by list and subscriber."""
MEMBERSHIP: Final = "membership"
"""The same, by subscriber and list."""

MAX_ID: Final = 64
MAX_NAME: Final = 255
MAX_DESCRIPTION: Final = 2_000

_BETWEEN: Final = "\x1f"
"""Stands in no id: ids are printable."""
_BEHIND: Final = "\x20"
"""Sorts behind all that begin with an id and `_BETWEEN`."""
_ID: Final = re.compile(r"[a-z0-9_-]{1,64}")


class SubscriberList(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list of subscribers of one project; `members` is how many there are. Times are milliseconds UTC.

    `track_entry` and `track_exit`: whether somebody wants to hear who enters and who leaves.
    """

    id: str
    project: str
    created_at: int
    updated_at: int
    name: str = ""
    description: str = ""
    members: int = 0
    track_entry: bool = False
    track_exit: bool = False


class Member(Struct, frozen=True):
    """That a subscriber is on a list, since `since` (ms)."""

    list: str
    subscriber: str
    since: int


def check_list_id(text: str) -> str:
    """The id in lower case, as lists are known whatever their letters' case; or EnsueError `invalid`."""
    found = text.strip().lower()
    if not _ID.fullmatch(found):
        raise EnsueError(
            "invalid", f"'list_id' must be 1 to {MAX_ID} of a-z, 0-9, '_' and '-', not {text[:70]!r}.", "list_id"
        )
    return found


def new_list(project: str, list_id: str, now: int) -> SubscriberList:
    """A list without a name and without members."""
    return SubscriberList(id=list_id, project=project, created_at=now, updated_at=now)


def changed(subscribers: SubscriberList, fields: Mapping[str, Any], now: int) -> SubscriberList:
    """The list with `fields` taken in, others passed over. Raises EnsueError `invalid` that names the field."""
    given = {name: value for name, value in fields.items() if name in _CHECKS}
    return replace(subscribers, **{name: _CHECKS[name](name, value) for name, value in given.items()}, updated_at=now)


def _text(most: int) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > most:
            raise EnsueError("invalid", f"list_{name}: it must be a string of at most {most} characters", name)
        return value.strip()

    return check


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise EnsueError("invalid", f"{name}: it must be true or false", name)
    return value


_CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "name": _text(MAX_NAME),
    "description": _text(MAX_DESCRIPTION),
    "track_entry": _flag,
    "track_exit": _flag,
}


def list_document(subscribers: SubscriberList, *, deleted: bool = False) -> Document:
    """The document that keeps a list; an empty one, where it is `deleted`."""
    body = b"" if deleted else msgspec.json.encode(subscribers)
    return Document(kind=KIND, project=subscribers.project, id=subscribers.id, body=body)


def list_of(document: Document) -> SubscriberList:
    """The list that a document keeps."""
    return msgspec.json.decode(document.body, type=SubscriberList)


def member_documents(project: str, member: Member) -> tuple[Document, Document]:
    """The two documents of a member."""
    return _both(project, member, msgspec.json.encode(member))


def no_member_documents(project: str, member: Member) -> tuple[Document, Document]:
    """What stands in their place when a member has left."""
    return _both(project, member, b"")


def _both(project: str, member: Member, body: bytes) -> tuple[Document, Document]:
    return (
        Document(kind=MEMBER, project=project, id=member_id(member.list, member.subscriber), body=body),
        Document(kind=MEMBERSHIP, project=project, id=member_id(member.subscriber, member.list), body=body),
    )


def member_of(document: Document) -> Member:
    """The member that a document keeps."""
    return msgspec.json.decode(document.body, type=Member)


def member_id(owner: str, other: str) -> str:
    """The id of a member's document, under the list or under the subscriber."""
    return f"{owner}{_BETWEEN}{other}"


def first_and_end(owner: str) -> tuple[str, str]:
    """Between which two ids (both excluded) all documents of `owner` stand."""
    return owner + _BETWEEN, owner + _BEHIND
