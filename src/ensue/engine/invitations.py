"""Hides how strangers become members: by a link that is bound to an address, holds once, and for seven days."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.account import ACCOUNT, account_of, address_key, check_address
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.invitation import (
    INVITATION,
    INVITED_FOR,
    MAX_INVITATIONS,
    Invitation,
    invitation_document,
    invitation_of,
)
from ensue.domain.key import hash_token
from ensue.domain.letter import invitation_letter
from ensue.domain.member import Role, require_reach
from ensue.domain.project import Project, project_of
from ensue.engine.clock import Clock
from ensue.engine.members import Members
from ensue.engine.post import Post
from ensue.engine.repeated import OvertakenError
from ensue.engine.throttle import Throttle
from ensue.store.base import Store

MAILS: Final = 5
MAILS_PAUSE: Final = 600_000
"""So many mails to one address at once, of all projects, and one more after so long (ms): nobody's box is filled."""

_UNKNOWN: Final = "This invitation is not valid: it was used, withdrawn, or is too old. Ask for a new one."


class Invited(Struct, frozen=True):
    """A new invitation. `link` is there where it was not mailed; it is shown only now."""

    invitation: Invitation
    link: str | None


class Invitations:
    """The invitations of all projects."""

    def __init__(self, store: Store, clock: Clock, members: Members, post: Post) -> None:
        self._store = store
        self._clock = clock
        self._members = members
        self._post = post
        self._mails = Throttle("invitations by mail to this address", MAILS, MAILS_PAUSE)

    async def create(self, project: Project, email: str, role: Role, by: str, actor: Role) -> Invited:
        """Invite whoever has the address, by mail if there is any; one before it to the same address ends.

        EnsueError `invalid`, `forbidden` for a role above the actor's own, `conflict` for who is a member, or too many,
        `rate_limited` for too many mails to one address.
        """
        address = check_address(email)
        require_reach(actor, role)
        await self._refuse_members(project.id, address)
        now, token = self._clock(), ids.new_ticket()
        invitation = Invitation(
            id=ids.prefixed_id("inv_", now),
            project=project.id,
            email=address,
            role=role,
            by=by,
            created_at=now,
            expires_at=now + INVITED_FOR,
            token_hash=hash_token(token),
        )
        present = await self.list(project.id)
        if len(present) >= MAX_INVITATIONS:
            raise EnsueError("conflict", f"{MAX_INVITATIONS} invitations wait for their answer; withdraw some first.")
        same = [one for one in present if address_key(one.email) == address_key(address)]
        for one in same:
            require_reach(actor, one.role)
        if self._post.has_mail:
            self._mails.take(address_key(address), now)
        await self._store.put([Put(document=invitation_document(invitation), expected=0), *map(gone, same)])
        link = self._post.link("invitation", token)
        mailed = await self._post.send(invitation_letter(address, by, project.name or project.slug, link))
        return Invited(invitation, None if mailed else link)

    async def _refuse_members(self, project: str, address: str) -> None:
        document = await self._store.find(ACCOUNT, address_key(address))
        if document is not None and await self._members.role(project, account_of(document).id) is not None:
            raise EnsueError("conflict", f"{address} is a member of this project already.", "email")

    async def list(self, project: str) -> Sequence[Invitation]:
        """The invitations of a project (its id) that can be accepted, newest first."""
        now = self._clock()
        documents = await self._store.list(INVITATION, project, None, 2 * MAX_INVITATIONS)
        return [one for one in map(invitation_of, documents) if now < one.expires_at]

    async def withdraw(self, project: str, invitation_id: str, actor: Role) -> None:
        """End an invitation. EnsueError `not_found`, `forbidden` for a role above the actor's own."""
        document = await self._store.get(INVITATION, project, invitation_id)
        if document is None:
            raise EnsueError("not_found", f"There is no invitation {invitation_id[:80]!r} in this project.")
        require_reach(actor, invitation_of(document).role)
        await self._store.put([gone(invitation_of(document))])

    async def read(self, token: str) -> tuple[Invitation, Project]:
        """What a link invites to. EnsueError `not_found` for one that was used, withdrawn, or is too old."""
        document = await self._store.find(INVITATION, hash_token(token))
        invitation = None if document is None else invitation_of(document)
        if invitation is None or self._clock() >= invitation.expires_at:
            raise EnsueError("not_found", _UNKNOWN, "link")
        kept = await self._store.get("project", invitation.project, invitation.project)
        if kept is None or project_of(kept).deleted_at is not None:
            raise EnsueError("not_found", _UNKNOWN, "link")
        return invitation, project_of(kept)

    async def spend(self, token: str, account: str) -> Sequence[Put]:
        """What makes `account` a member and ends the link, to travel in one commit; as `read`."""
        invitation, _ = await self.read(token)
        document = await self._store.get(INVITATION, invitation.project, invitation.id)
        if document is None:
            raise OvertakenError
        seat = await self._members.seat(invitation.project, account, invitation.role)
        return [seat, replace(gone(invitation), expected=document.revision)]


def gone(invitation: Invitation) -> Put:
    """What ends an invitation."""
    return Put(document=replace(invitation_document(invitation), body=b"", alias=None))
