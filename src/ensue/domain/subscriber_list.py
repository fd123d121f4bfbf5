"""Hides what a list of subscribers is, and how its members are named so that both sides find each other in order.

A member is two small documents written in the same commit: one under the list, one under the subscriber.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

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


def list_document(subscribers: SubscriberList, *, deleted: bool = False) -> Document:
    """The document that keeps a list; an empty one, where it is `deleted`."""
    body = b"" if deleted else msgspec.json.encode(subscribers)
    return Document(kind=KIND, project=subscribers.project, id=subscribers.id, body=body)


def list_of(document: Document) -> SubscriberList:
    """The list that a document keeps."""
    return msgspec.json.decode(document.body, type=SubscriberList)


def member_documents(project: str, member: Member, *, deleted: bool = False) -> tuple[Document, Document]:
    """The two documents of a member; empty ones, where it is `deleted`."""
    body = b"" if deleted else msgspec.json.encode(member)
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
