"""Hides how the members of projects are kept and changed, and who may change whom."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from ensue.domain.account import ACCOUNT, Account, account_of
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.member import (
    MEMBERS,
    ROLES,
    Role,
    Seat,
    Seats,
    members_document,
    members_of,
    require_reach,
)
from ensue.domain.project import Project, project_of
from ensue.engine.clock import Clock
from ensue.engine.paging import every
from ensue.engine.repeated import put, repeated
from ensue.store.base import Store

_REMEMBERED: Final = 1_000


class Seated(Struct, frozen=True):
    """One member of a project."""

    account: Account
    seat: Seat


class Membership(Struct, frozen=True):
    """One project of an account."""

    project: Project
    role: Role


class Members:
    """The members of all projects. `changed` is called after each change; other processes hear of it by the store."""

    def __init__(self, store: Store, clock: Clock, changed: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._changed = changed
        self._known: dict[str, Seats] = {}
        self._changes = 0

    def forget(self) -> None:
        """Some project's members changed: look them up again. May be called from any thread."""
        self._changes += 1
        self._known.clear()

    async def role(self, project: str, account: str) -> Role | None:
        """What somebody is in a project (its id); None for a stranger."""
        known = self._known.get(project)
        if known is None:
            changes = self._changes
            known = members_of(await self._store.get(MEMBERS, project, project))
            if changes == self._changes:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[project] = known
        return known.role(account)

    async def list(self, project: str) -> Sequence[Seated]:
        """Everybody of a project (its id), by name."""
        members = members_of(await self._store.get(MEMBERS, project, project))
        documents = await self._store.documents(ACCOUNT, "", list(members.taken))
        people = [account_of(document) for document in documents if not document.deleted]
        return [
            Seated(one, members.taken[one.id]) for one in sorted(people, key=lambda one: (one.name.lower(), one.id))
        ]

    async def of(self, account: str) -> Sequence[Membership]:
        """The projects that somebody is a member of, the oldest first."""
        roles = {one.project: members_of(one).role(account) for one in await every(self._store, MEMBERS)}
        kept = [
            await self._store.get("project", project, project) for project, role in roles.items() if role is not None
        ]
        projects = [project_of(document) for document in kept if document is not None and not document.deleted]
        live = sorted((one for one in projects if one.deleted_at is None), key=lambda one: one.id)
        return [Membership(one, role) for one in live if (role := roles[one.id]) is not None]

    async def change(self, project: str, account: str, role: Role, actor: Role) -> Seated:
        """Give a member another role. EnsueError `not_found`, `forbidden` above the actor's own, `conflict`."""
        await self._change(project, account, lambda members: members.seated(account, role, self._clock()), actor, role)
        return await self.one(project, account)

    async def remove(self, project: str, account: str, actor: Role) -> None:
        """Take somebody out, at once. EnsueError `not_found`, `forbidden`, `conflict` for the last owner."""
        await self._change(project, account, lambda members: members.without(account), actor, None)

    async def one(self, project: str, account: str) -> Seated:
        """One member. EnsueError `not_found`."""
        for seated in await self.list(project):
            if seated.account.id == account:
                return seated
        raise _stranger(account)

    async def _change(
        self, project: str, account: str, change: Callable[[Seats], Seats], actor: Role, role: Role | None
    ) -> None:
        async def attempt() -> None:
            document = await self._store.get(MEMBERS, project, project)
            members = members_of(document)
            present = members.role(account)
            if present is None:
                raise _stranger(account)
            require_reach(actor, present, role)
            await put(self._store, [_changed(project, change(members), document)])

        await repeated(attempt)
        self._changed()

    async def seat(self, project: str, account: str, role: Role) -> Put:
        """What makes somebody a member, to travel with other changes; one who is more already stays what they are."""
        document = await self._store.get(MEMBERS, project, project)
        members = members_of(document)
        present = members.role(account)
        wanted = role if present is None else min(role, present, key=ROLES.index)
        return _changed(project, members.seated(account, wanted, self._clock()), document)


def _changed(project: str, members: Seats, document: Document | None) -> Put:
    return Put(document=members_document(project, members), expected=0 if document is None else document.revision)


def _stranger(account: str) -> EnsueError:
    return EnsueError("not_found", f"There is no member {account[:80]!r} in this project.")
