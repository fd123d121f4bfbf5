"""Hides the words of SuprSend's answers: one refusal that every client can read, and records for many at once.

Each client reads another part of a refusal: `message`, `detail`, `error.message`, `records` (their reference, 5.4).
"""

from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Answer

NOT_AUTHENTICATED: Final = "Not Authenticated - could not find Workspace details"
ACCEPTED: Final = 202
MULTI_STATUS: Final = 207

_KINDS: Final = {
    "invalid": "validation_error",
    "unauthorized": "authentication_error",
    "forbidden": "permission_denied",
    "not_allowed": "method_not_allowed",
    "too_large": "payload_too_large",
}
"""What SuprSend calls our codes; the others are called the same."""

_encode: Final = msgspec.json.Encoder().encode


class Wrong(Struct, frozen=True):
    """What was wrong with one request, or one record."""

    message: str
    type: str


class Refusal(Struct, frozen=True, kw_only=True):
    """The body of every refusal. `code` is the HTTP status."""

    code: int
    error_code: str
    type: str
    message: str
    detail: str
    status: str = "error"
    error: Wrong
    records: tuple[()] = ()


class Record(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one of many: `message_id`, or `error`."""

    status: str
    status_code: int
    message_id: str | None = None
    error: Wrong | None = None


class Records(Struct, frozen=True):
    """What became of many, in the order in which they were sent."""

    records: list[Record]
    status: str = "success"


def refusal(error: EnsueError) -> Answer:
    """A refusal in every form that a client looks for."""
    kind = kind_of(error)
    unknown = error.code == "unauthorized"
    body = Refusal(
        code=error.status,
        error_code=kind,
        type="".join(word.capitalize() for word in kind.split("_")),
        message=NOT_AUTHENTICATED if unknown else error.message,
        detail=f"{NOT_AUTHENTICATED}: {error.message}" if unknown else error.message,
        error=Wrong(NOT_AUTHENTICATED if unknown else error.message, kind),
    )
    return Answer(error.status, _encode(body))


def kind_of(error: EnsueError) -> str:
    """What SuprSend calls the kind of a refusal."""
    return _KINDS.get(error.code, error.code)


def accepted(message_id: str) -> Answer:
    """One that was taken, now or before."""
    return Answer(ACCEPTED, b'{"status":"success","message_id":%b}' % _encode(message_id))


def good(message_id: str) -> Record:
    """The record of one that was taken."""
    return Record(status="success", status_code=ACCEPTED, message_id=message_id)


def bad(error: EnsueError) -> Record:
    """The record of one that was refused."""
    return Record(status="error", status_code=error.status, error=Wrong(error.message, kind_of(error)))


def records(items: list[Record], *, mixed: bool = False) -> Answer:
    """What became of many: 202 where all were taken, unless such an answer is always `mixed`; else 207."""
    failed = any(item.error is not None for item in items)
    return Answer(MULTI_STATUS if mixed or failed else ACCEPTED, _encode(Records(items)))
