"""Hides how getting in is spoken of in the native API: set-up, login, logout, sessions, passwords."""

import contextlib
from typing import Final, cast

from msgspec import Struct

from ensue.domain.decoding import decode
from ensue.domain.errors import EnsueError
from ensue.domain.member import Caller, Role
from ensue.domain.project import Project
from ensue.domain.schedule import format_time
from ensue.domain.session import LONGEST, Session
from ensue.engine.accounts import Where
from ensue.engine.engine import Engine
from ensue.engine.sessions import NewSession, Signed
from ensue.http.cookies import clear_session, session_token, set_session
from ensue.http.exchange import Answer, Call, Headers, json_answer
from ensue.http.origin import refuse_other_origins
from ensue.http.pace import site
from ensue.version import VERSION

_COOKIE_SECONDS: Final = LONGEST // 1000


class Console(Struct, frozen=True):
    """What a page must know before anybody signed in: the release, whether the first account is still to be made,
    whether mails can be sent, and the server's public key for pushes (base64url), which browsers ask for."""

    version: str
    setup_needed: bool
    mail: bool
    push_key: str


class SetupDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """The first account; `link` is what stands behind the `#` of the link that `ensue serve` prints."""

    link: str
    name: str
    email: str
    password: str


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """Address and password."""

    email: str
    password: str


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The present password and the one to be."""

    old: str
    new: str


class Forgotten(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password was forgotten."""

    email: str


class ResetDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A new password; `link` is what stands behind the `#` of the link."""

    link: str
    password: str


class PersonView(Struct, frozen=True):
    """Somebody who has an account."""

    id: str
    name: str
    email: str


class ProjectView(Struct, frozen=True):
    """A project, and what one is in it."""

    id: str
    slug: str
    name: str
    role: Role


class SessionView(Struct, frozen=True, kw_only=True):
    """One login. `current`: the one that asks. `agent` is what the browser calls itself, `client` where it is."""

    id: str
    created_at: str
    last_seen_at: str
    agent: str
    client: str
    current: bool


class SignedView(Struct, frozen=True):
    """Who is signed in, and what they are where."""

    member: PersonView
    projects: list[ProjectView]
    session: SessionView


class SessionPage(Struct, frozen=True):
    """The sessions of an account that hold, newest first; all of them are on one page."""

    items: list[SessionView]
    next: str | None = None


async def console(engine: Engine, call: Call) -> Answer:
    """`GET /console`."""
    call.query_values()
    people = engine.people
    shown = Console(
        version=VERSION,
        setup_needed=await people.accounts.needs_setup(),
        mail=people.post.has_mail,
        push_key=await engine.devices.pushing.public_key(),
    )
    return json_answer(200, shown)


async def set_up(engine: Engine, call: Call) -> Answer:
    """`POST /setup`."""
    begin(engine, call)
    draft = decode(call.body, SetupDraft)
    made = await engine.people.accounts.set_up(draft.link, draft.name, draft.email, draft.password, where(call))
    return await signed_answer(engine, call, 201, made)


async def sign_in(engine: Engine, call: Call) -> Answer:
    """`POST /session`: always a new session; the one that the browser had ends."""
    begin(engine, call)
    draft = decode(call.body, Login)
    made = await engine.people.accounts.sign_in(draft.email, draft.password, where(call))
    return await signed_answer(engine, call, 200, made)


async def read(engine: Engine, call: Call) -> Answer:
    """`GET /session`."""
    call.query_values()
    signed = await engine.people.sessions.find_hash(caller(call).token_hash)
    return json_answer(200, await signed_view(engine, signed))


async def sign_out(engine: Engine, call: Call) -> Answer:
    """`DELETE /session`."""
    call.query_values()
    who = caller(call)
    await engine.people.sessions.end(who.id, who.session)
    return Answer(204, b"", clear_session(secure=engine.people.post.is_secure), None)


async def sessions(engine: Engine, call: Call) -> Answer:
    """`GET /sessions`."""
    call.query_values()
    who = caller(call)
    found = await engine.people.sessions.list(who.id)
    return json_answer(200, SessionPage([session_view(one, who.session) for one in found]))


async def end_session(engine: Engine, call: Call) -> Answer:
    """`DELETE /sessions/{id}`."""
    call.query_values()
    await engine.people.sessions.end(caller(call).id, call.parameters["id"])
    return Answer(204, content_type=None)


async def change_password(engine: Engine, call: Call) -> Answer:
    """`POST /password`: every other session ends."""
    call.query_values()
    draft = decode(call.body, PasswordChange)
    signed = await engine.people.sessions.find_hash(caller(call).token_hash)
    await engine.people.accounts.change_password(signed, draft.old, draft.new)
    return Answer(204, content_type=None)


async def forgotten(engine: Engine, call: Call) -> Answer:
    """`POST /password/forgotten`: the same answer whether there is such an account or not."""
    begin(engine, call)
    engine.people.accounts.forgotten(decode(call.body, Forgotten).email, where(call))
    return Answer(202, content_type=None)


async def reset(engine: Engine, call: Call) -> Answer:
    """`POST /password/reset`."""
    begin(engine, call)
    draft = decode(call.body, ResetDraft)
    return await signed_answer(
        engine, call, 200, await engine.people.accounts.reset(draft.link, draft.password, where(call))
    )


def begin(engine: Engine, call: Call) -> None:
    """What every call that signs somebody in must be: of our own pages, or of a program, and JSON."""
    call.query_values()
    refuse_other_origins(call, engine.people.post.public_url)


def caller(call: Call) -> Caller:
    """Who calls, on a route that is for people only."""
    return cast("Caller", call.key)


def where(call: Call) -> Where:
    """From where somebody signs in."""
    return Where(call.header("user-agent") or "", site(call.client))


async def signed_answer(engine: Engine, call: Call, status: int, made: NewSession) -> Answer:
    """Who is signed in from now on, with the cookie; the session that the browser had before ends."""
    with contextlib.suppress(EnsueError):  # of two, neither is known to be theirs
        await engine.people.sessions.end_token(session_token(call))
    headers: Headers = set_session(made.token, _COOKIE_SECONDS, secure=engine.people.post.is_secure)
    return json_answer(status, await signed_view(engine, made.signed), headers)


async def signed_view(engine: Engine, signed: Signed) -> SignedView:
    """Who is signed in, and what they are where."""
    account, session = signed.account, signed.session
    memberships = await engine.people.members.of(account.id)
    person = PersonView(account.id, account.name, account.email)
    projects = [project_view(one.project, one.role) for one in memberships]
    return SignedView(person, projects, session_view(session, session.id))


def project_view(project: Project, role: Role) -> ProjectView:
    """A project as one of its members sees it; one that was never named is called by its slug."""
    return ProjectView(project.id, project.slug, project.name or project.slug, role)


def session_view(session: Session, current: str) -> SessionView:
    """A session as it comes out: never its token."""
    return SessionView(
        id=session.id,
        created_at=format_time(session.created_at),
        last_seen_at=format_time(session.seen_at),
        agent=session.agent,
        client=session.client,
        current=session.id == current,
    )
