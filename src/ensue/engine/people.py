"""Hides how the parts that know of people belong together, and who it is that calls by a cookie."""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.member import Caller, Role, reaches
from ensue.engine.accounts import Accounts
from ensue.engine.clock import Clock
from ensue.engine.holding import Holds
from ensue.engine.invitations import Invitations
from ensue.engine.members import Members
from ensue.engine.post import Post
from ensue.engine.projects import Known, Projects
from ensue.engine.sessions import Sessions, Signed
from ensue.store.base import Store

_WHICH: Final = "Say which project is meant, by the header 'Ensue-Project': its slug or id."


class People(Struct, frozen=True, kw_only=True):
    """Everything about accounts, and what they may do where."""

    accounts: Accounts
    sessions: Sessions
    members: Members
    invitations: Invitations
    projects: Projects
    post: Post

    def forget(self) -> None:
        """An account or a project's members changed, here or elsewhere. May be called from any thread."""
        self.members.forget()
        self.sessions.forget()

    async def caller(self, token: str, project: str | None) -> Caller:
        """Who calls by the session of `token`, in `project` (slug or id; their only one where none is named).

        EnsueError `unauthorized`, `not_found` for a project that is not theirs, `invalid` where one must be named.
        """
        return await self._caller(await self.sessions.find(token), project)

    async def _caller(self, signed: Signed, project: str | None) -> Caller:
        if project is None:
            mine = await self.members.of(signed.account.id)
            if len(mine) != 1:
                raise EnsueError("invalid", _WHICH, "Ensue-Project")
            return _caller(signed, mine[0].project.id, mine[0].role)
        found = await self.projects.find(project)
        role = None if found is None else await self.members.role(found.id, signed.account.id)
        if found is None or role is None:
            raise EnsueError("not_found", f"There is no project {project[:80]!r} of yours.", "Ensue-Project")
        return _caller(signed, found.id, role)

    async def person(self, token: str) -> Caller:
        """Who calls by the session of `token`, in no project. EnsueError `unauthorized`."""
        return _caller(await self.sessions.find(token), "", None)

    def holds(self, caller: Caller, needed: Role) -> Holds:
        """Whether `caller` is still signed in, and still has what `needed` has, as a question."""

        async def still() -> bool:
            try:
                now = await self._caller(await self.sessions.find_hash(caller.token_hash), caller.project)
            except EnsueError as error:
                if error.code in {"unauthorized", "not_found"}:
                    return False
                raise
            return reaches(now.role, needed)

        return still


def _caller(signed: Signed, project: str, role: Role | None) -> Caller:
    account = signed.account
    return Caller(
        id=account.id,
        project=project,
        scopes=(),
        created_at=account.created_at,
        token_hash=signed.session.token_hash,
        name=account.name,
        email=account.email,
        session=signed.session.id,
        role=role,
    )


def assemble(
    store: Store, clock: Clock, post: Post, idle: int, changed: Callable[[], Awaitable[None]], known: Known
) -> People:
    """All that knows of people, on one store. `idle`: how long a session lasts unused (ms); the last two as `Projects`
    has them."""
    sessions = Sessions(store, clock, idle)

    def forget() -> None:
        members.forget()
        sessions.forget()

    members = Members(store, clock, forget)
    invitations = Invitations(store, clock, members, post)
    return People(
        accounts=Accounts(store, clock, sessions, invitations, post, forget),
        sessions=sessions,
        members=members,
        invitations=invitations,
        projects=Projects(store, clock, members, changed, known),
        post=post,
    )
