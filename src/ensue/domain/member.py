"""Hides what people may do in a project: four roles, each with all that the one below it has, and who has which.

All members of a project are one document, so that "the last owner stays" is checked and changed in one commit.
"""

from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key, Scope

Role = Literal["owner", "admin", "member", "viewer"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""The roles, the strongest first."""

MEMBERS: Final = "members"
"""The kind of document that keeps the members of a project."""

MAX_MEMBERS: Final = 1_000

LEAST: Final[dict[Scope, tuple[Role, Role]]] = {
    "events:read": ("viewer", "member"),
    "events:write": ("member", "member"),
    "actions:run": ("member", "member"),
    "triggers": ("viewer", "admin"),
    "deliveries": ("viewer", "member"),
    "admin": ("admin", "admin"),
}
"""The least role that reads, and the least that changes, what a key needs this scope for."""


def reaches(role: Role | None, needed: Role) -> bool:
    """Whether a role has what `needed` has; None has nothing."""
    return role is not None and ROLES.index(role) <= ROLES.index(needed)


def check_role(text: str) -> Role:
    """`text` as a role. Raises EnsueError `invalid`."""
    for role in ROLES:
        if role == text:
            return role
    raise EnsueError("invalid", f"There is no role {text[:40]!r}; there are {', '.join(ROLES)}.", "role")


class Caller(Key, frozen=True, kw_only=True):
    """A person who calls, with the face of a key: `id` and `name` are the account's, `project` is the one meant.

    `role` is theirs in that project; both are missing where a call is of no project. `session` is the session's id.
    """

    email: str
    session: str
    role: Role | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the role may change what a key needs the scope for."""
        return reaches(self.role, LEAST[scope][1])


class Seat(Struct, frozen=True):
    """That somebody is a member, as what, since when (ms)."""

    role: Role
    since: int


class Seats(Struct, frozen=True):
    """Everybody of one project, by the ids of their accounts."""

    taken: dict[str, Seat] = {}

    def role(self, account: str) -> Role | None:
        """What somebody is; None for a stranger."""
        seat = self.taken.get(account)
        return None if seat is None else seat.role

    def seated(self, account: str, role: Role, now: int) -> "Seats":
        """With `account` as `role`. Raises EnsueError `conflict` for the last owner, or where there is no room."""
        known = self.taken.get(account)
        if known is None and len(self.taken) >= MAX_MEMBERS:
            raise EnsueError("conflict", f"A project has {MAX_MEMBERS:,} members at most; remove one first.")
        seat = Seat(role, now if known is None else known.since)
        return self._led(replace(self, taken=self.taken | {account: seat}))

    def without(self, account: str) -> "Seats":
        """Without `account`. Raises EnsueError `conflict` for the last owner."""
        return self._led(replace(self, taken={name: seat for name, seat in self.taken.items() if name != account}))

    def _led(self, changed: "Seats") -> "Seats":
        if _has_owner(self) and not _has_owner(changed):
            raise EnsueError("conflict", "This is the last owner of the project; make somebody else an owner first.")
        return changed


def _has_owner(members: Seats) -> bool:
    return any(seat.role == "owner" for seat in members.taken.values())


def require_reach(actor: Role | None, *touched: Role | None) -> None:
    """Let `actor` give, change or take the roles `touched`, or raise EnsueError `forbidden` for one above theirs."""
    for role in touched:
        if role is not None and not reaches(actor, role):
            raise EnsueError("forbidden", f"Only an {role} may give, change or take the role '{role}'.")


def members_document(project: str, members: Seats) -> Document:
    """The document that keeps the members of a project."""
    return Document(kind=MEMBERS, project=project, id=project, body=msgspec.json.encode(members))


def members_of(document: Document | None) -> Seats:
    """The members that a document keeps; none where there is no document."""
    return Seats() if document is None or document.deleted else msgspec.json.decode(document.body, type=Seats)
