"""Hides how people are spoken of in the native API: members with their roles, and invitations."""

from typing import cast

from msgspec import Struct

from ensue.dialects.native.accounts import (
    begin,
    caller,
    project_view,
    signed_answer,
    signed_view,
    where,
)
from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.invitation import Invitation
from ensue.domain.member import Caller, Role, check_role
from ensue.domain.project import Project
from ensue.domain.schedule import format_time
from ensue.engine.engine import Engine
from ensue.engine.invitations import Invited
from ensue.engine.members import Seated
from ensue.http.cookies import session_token
from ensue.http.exchange import Answer, Call, json_answer
from ensue.http.origin import require_same_origin


class MemberView(Struct, frozen=True):
    """A member of the project. `last_seen_at` is to the hour; null for who was never there."""

    id: str
    name: str
    email: str
    role: Role
    created_at: str
    last_seen_at: str | None


class MemberPage(Struct, frozen=True):
    """The members of a project, by name; all of them are on one page."""

    items: list[MemberView]
    next: str | None = None


class RoleDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """What a member is to be: owner, admin, member or viewer."""

    role: str


class InvitationDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is invited, by address, as what."""

    email: str
    role: str


class InvitationView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An invitation that was not accepted yet. `by` is the name of who invited. `link` is there in the answer that made
    it, where it was not mailed; it works once."""

    id: str
    email: str
    role: Role
    by: str
    created_at: str
    expires_at: str
    link: str | None = None


class InvitationPage(Struct, frozen=True):
    """The invitations of a project that can be accepted, newest first; all of them are on one page."""

    items: list[InvitationView]
    next: str | None = None


class LinkDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands behind the `#` of an invitation's link."""

    link: str


class AcceptDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation to accept. Without a session: `name` and `password` of the new account, or the password of the one
    that the address has."""

    link: str
    name: str = ""
    password: str = ""


class OfferView(Struct, frozen=True):
    """What an invitation is to. `account`: whether its address has an account, to sign in by."""

    email: str
    role: Role
    project: str
    by: str
    expires_at: str
    account: bool


async def page(engine: Engine, call: Call) -> Answer:
    """`GET /members`."""
    call.query_values()
    found = await engine.people.members.list(call.project)
    seen = await engine.people.sessions.last_seen([one.account.id for one in found])
    return json_answer(200, MemberPage([_view(one, seen.get(one.account.id)) for one in found]))


def _view(seated: Seated, seen: int | None) -> MemberView:
    account, seat = seated.account, seated.seat
    last = None if seen is None else format_time(seen)
    return MemberView(account.id, account.name, account.email, seat.role, format_time(seat.since), last)


async def change(engine: Engine, call: Call) -> Answer:
    """`PATCH /members/{id}`."""
    call.query_values()
    await engine.people.members.one(call.project, call.parameters["id"])
    role = check_role(decode(call.body, RoleDraft).role)
    changed = await engine.people.members.change(call.project, call.parameters["id"], role, _role(call))
    seen = await engine.people.sessions.last_seen([changed.account.id])
    return json_answer(200, _view(changed, seen.get(changed.account.id)))


async def remove(engine: Engine, call: Call) -> Answer:
    """`DELETE /members/{id}`."""
    call.query_values()
    await engine.people.members.remove(call.project, call.parameters["id"], _role(call))
    return Answer(204, content_type=None)


def _role(call: Call) -> Role:
    return cast("Role", caller(call).role)  # such a route asks for one


async def invite(engine: Engine, call: Call) -> Answer:
    """`POST /invitations`; a link that was not mailed is in this answer only."""
    call.query_values()
    draft = decode(call.body, InvitationDraft)
    role, who = check_role(draft.role), caller(call)
    project = await _project(engine, who)
    invited = await engine.people.invitations.create(project, draft.email, role, who.name, _role(call))
    return json_answer(201, _invited(invited))


async def _project(engine: Engine, who: Caller) -> Project:
    found = await engine.people.projects.find(who.project)
    if found is None:
        raise EnsueError("not_found", "This project was deleted.")
    return found


def _invited(invited: Invited) -> InvitationView:
    return _invitation_view(invited.invitation, invited.link)


def _invitation_view(invitation: Invitation, link: str | None = None) -> InvitationView:
    return InvitationView(
        id=invitation.id,
        email=invitation.email,
        role=invitation.role,
        by=invitation.by,
        created_at=format_time(invitation.created_at),
        expires_at=format_time(invitation.expires_at),
        link=link,
    )


async def invitations(engine: Engine, call: Call) -> Answer:
    """`GET /invitations`."""
    call.query_values()
    found = await engine.people.invitations.list(call.project)
    return json_answer(200, InvitationPage([_invitation_view(one) for one in found]))


async def withdraw(engine: Engine, call: Call) -> Answer:
    """`DELETE /invitations/{id}`."""
    call.query_values()
    await engine.people.invitations.withdraw(call.project, call.parameters["id"], _role(call))
    return Answer(204, content_type=None)


async def read_offer(engine: Engine, call: Call) -> Answer:
    """`POST /invitations/read`: what a link invites to; by POST, since links are in no log."""
    begin(engine, call)
    invitation, project = await engine.people.invitations.read(decode(call.body, LinkDraft).link)
    account = await engine.people.accounts.find(invitation.email) is not None
    shown = project_view(project, invitation.role)
    expires = format_time(invitation.expires_at)
    return json_answer(200, OfferView(invitation.email, shown.role, shown.name, invitation.by, expires, account))


async def accept(engine: Engine, call: Call) -> Answer:
    """`POST /invitations/accept`: as who is signed in, else as a new account, or by the password of the old one."""
    begin(engine, call)
    draft = decode(call.body, AcceptDraft)
    people, token = engine.people, session_token(call)
    if token is None or draft.password:
        made = await people.accounts.accept(draft.link, draft.name, draft.password, where(call))
        return await signed_answer(engine, call, 200, made)
    require_same_origin(call, people.post.public_url)
    signed = await people.sessions.find(token)
    await people.accounts.join(draft.link, signed.account)
    return json_answer(200, await signed_view(engine, signed))
