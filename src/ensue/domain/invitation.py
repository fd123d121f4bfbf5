"""Hides what lets people in who are not in yet: links that hold once, for a while, and for one purpose.

Of each link only the hash of its token is kept.
"""

from typing import Final

import msgspec
from msgspec import Struct

from ensue.domain.document import Document
from ensue.domain.member import Role
from ensue.domain.schedule import DAY

INVITATION: Final = "invitation"
RESET: Final = "reset"
SETUP: Final = "setup"

INVITED_FOR: Final = 7 * DAY
"""How long an invitation holds (ms)."""

RESET_FOR: Final = 3_600_000
"""How long a link to a new password holds (ms)."""

MAX_INVITATIONS: Final = 500


class Invitation(Struct, frozen=True, kw_only=True):
    """That whoever has the address `email` may become a member of `project`. `by` is the inviting account's name."""

    id: str
    project: str
    email: str
    role: Role
    by: str
    created_at: int
    expires_at: int
    token_hash: str


class Reset(Struct, frozen=True, kw_only=True):
    """That whoever has the link may choose a new password for `account`, as long as it is in that `era`."""

    account: str
    token_hash: str
    expires_at: int
    era: int = 0


class Setup(Struct, frozen=True, kw_only=True):
    """Whether the first account can still be made, and by which link; `closed_at` once there was one."""

    token_hash: str = ""
    closed_at: int | None = None


def invitation_document(invitation: Invitation) -> Document:
    """The document that keeps an invitation; its alias is the hash of the token."""
    body, alias = msgspec.json.encode(invitation), invitation.token_hash
    return Document(kind=INVITATION, project=invitation.project, id=invitation.id, body=body, alias=alias)


def invitation_of(document: Document) -> Invitation:
    """The invitation that a document keeps."""
    return msgspec.json.decode(document.body, type=Invitation)


def reset_document(reset: Reset) -> Document:
    """The document that keeps a reset; one for each account, so that a new link ends the one before."""
    body = msgspec.json.encode(reset)
    return Document(kind=RESET, project="", id=reset.account, body=body, alias=reset.token_hash)


def reset_of(document: Document) -> Reset:
    """The reset that a document keeps."""
    return msgspec.json.decode(document.body, type=Reset)


def setup_document(setup: Setup) -> Document:
    """The one document that keeps how set-up stands."""
    return Document(kind=SETUP, project="", id=SETUP, body=msgspec.json.encode(setup))


def setup_of(document: Document | None) -> Setup:
    """How set-up stands by that document."""
    return Setup() if document is None else msgspec.json.decode(document.body, type=Setup)
