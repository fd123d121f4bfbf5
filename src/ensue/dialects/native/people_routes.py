"""Hides the part of the native API's table that is for people: getting in, sessions, members, invitations, projects."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ensue.dialects.native import accounts, devices, keys, members, projects
from ensue.domain.member import Role
from ensue.http.exchange import Handler, Route

BASE: Final = "/api/v1"
PERSON_BYTES: Final = 16 * 1024
"""The most bytes of what is said about a person, a link or a project."""


def _open(
    method: str, path: str, handler: Handler, name: str, summary: str, responses: Mapping[int, Any], request: Any = None
) -> Route:
    """For whoever comes, signed in or not."""
    return Route(
        method=method,
        path=BASE + path,
        handler=handler,
        name=name,
        summary=summary,
        authenticated=False,
        body_limit=None if request is None else PERSON_BYTES,
        request=request,
        responses=responses,
    )


def _mine(
    method: str, path: str, handler: Handler, name: str, summary: str, responses: Mapping[int, Any], request: Any = None
) -> Route:
    """For whoever is signed in, of no project."""
    made = _open(method, path, handler, name, summary, responses, request)
    return replace(made, authenticated=True, personal=True)


def _ours(role: Role, route: Route, project: str = "") -> Route:
    """For members of a project who have `role`; the path's parameter `project` names it, where one does."""
    return replace(route, authenticated=True, role=role, project=project)


_GETTING_IN: Final = (
    _open(
        "GET",
        "/console",
        accounts.console,
        "getConsole",
        "Tell a page what it must know before anybody signed in.",
        {200: accounts.Console},
    ),
    _open(
        "POST",
        "/setup",
        accounts.set_up,
        "setUp",
        "Make the first account, by the link that `ensue serve` prints; it owns every project. Once only.",
        {201: accounts.SignedView},
        accounts.SetupDraft,
    ),
    _open(
        "POST",
        "/session",
        accounts.sign_in,
        "signIn",
        "Sign in: the session is a cookie that no script can read. It is a new one each time.",
        {200: accounts.SignedView},
        accounts.Login,
    ),
    _mine(
        "GET",
        "/session",
        accounts.read,
        "getSession",
        "Tell who is signed in, and what they are in which project.",
        {200: accounts.SignedView},
    ),
    _mine("DELETE", "/session", accounts.sign_out, "signOut", "Sign out; the session ends at once.", {204: None}),
    _mine(
        "GET",
        "/sessions",
        accounts.sessions,
        "listSessions",
        "List where one is signed in.",
        {200: accounts.SessionPage},
    ),
    _mine("DELETE", "/sessions/{id}", accounts.end_session, "endSession", "End one of one's sessions.", {204: None}),
    _mine(
        "POST",
        "/password",
        accounts.change_password,
        "changePassword",
        "Choose another password; every other session of the account ends.",
        {204: None},
        accounts.PasswordChange,
    ),
    _open(
        "POST",
        "/password/forgotten",
        accounts.forgotten,
        "forgotPassword",
        "Have a link to a new password mailed; the answer is the same whether there is such an account or not.",
        {202: None},
        accounts.Forgotten,
    ),
    _open(
        "POST",
        "/password/reset",
        accounts.reset,
        "resetPassword",
        "Choose a new password by a link, which works once and for an hour; every session of before ends.",
        {200: accounts.SignedView},
        accounts.ResetDraft,
    ),
)

_MEMBERS: Final = (
    _ours(
        "viewer",
        _open("GET", "/members", members.page, "listMembers", "List the members.", {200: members.MemberPage}),
    ),
    _ours(
        "admin",
        _open(
            "PATCH",
            "/members/{id}",
            members.change,
            "changeMember",
            "Give a member another role. Only an owner makes, changes or removes owners; the last one stays.",
            {200: members.MemberView},
            members.RoleDraft,
        ),
    ),
    _ours(
        "admin",
        _open(
            "DELETE",
            "/members/{id}",
            members.remove,
            "removeMember",
            "Take a member out; their access ends at once, live streams too.",
            {204: None},
        ),
    ),
    _ours(
        "admin",
        _open(
            "GET",
            "/invitations",
            members.invitations,
            "listInvitations",
            "List the invitations that were not accepted yet.",
            {200: members.InvitationPage},
        ),
    ),
    _ours(
        "admin",
        _open(
            "POST",
            "/invitations",
            members.invite,
            "invite",
            "Invite an address; by mail if a mail server is set, else the link is in this answer only.",
            {201: members.InvitationView},
            members.InvitationDraft,
        ),
    ),
    _ours(
        "admin",
        _open(
            "DELETE",
            "/invitations/{id}",
            members.withdraw,
            "withdrawInvitation",
            "Withdraw an invitation.",
            {204: None},
        ),
    ),
    _open(
        "POST",
        "/invitations/read",
        members.read_offer,
        "readInvitation",
        "Tell what a link invites to.",
        {200: members.OfferView},
        members.LinkDraft,
    ),
    _open(
        "POST",
        "/invitations/accept",
        members.accept,
        "acceptInvitation",
        "Accept an invitation, which works once, for its address only, and for seven days.",
        {200: accounts.SignedView},
        members.AcceptDraft,
    ),
)

_PROJECTS: Final = (
    _ours(
        "admin",
        _open(
            "GET",
            "/keys/first",
            keys.first,
            "getFirstKey",
            "Show the very first key, for a first call, as long as the server has the file with it.",
            {200: keys.FirstKeyView},
        ),
    ),
    _mine("GET", "/projects", projects.page, "listProjects", "List one's projects.", {200: projects.ProjectPage}),
    _mine(
        "POST",
        "/projects",
        projects.create,
        "createProject",
        "Make a project and own it; for owners and admins of another one.",
        {201: accounts.ProjectView},
        projects.ProjectDraft,
    ),
    _ours(
        "admin",
        _open(
            "PATCH",
            "/projects/{id}",
            projects.rename,
            "renameProject",
            "Rename a project.",
            {200: accounts.ProjectView},
            projects.ProjectPatch,
        ),
        project="id",
    ),
    _ours(
        "owner",
        _open(
            "DELETE",
            "/projects/{id}",
            projects.delete,
            "deleteProject",
            "Delete a project with all that is in it, for good; refused everywhere at once.",
            {204: None},
            projects.ProjectEnd,
        ),
        project="id",
    ),
)

_DEVICES: Final = (
    _mine(
        "GET",
        "/devices",
        devices.page,
        "listDevices",
        "List the browsers that are pushed to.",
        {200: devices.DevicePage},
    ),
    _mine(
        "POST",
        "/devices",
        devices.add,
        "addDevice",
        "Push to this browser from now on, by the subscription that it made with the server's `push_key`.",
        {201: devices.DeviceView, 200: devices.DeviceView},
        devices.DeviceDraft,
    ),
    _mine("DELETE", "/devices/{id}", devices.remove, "removeDevice", "Push to a browser no more.", {204: None}),
    _mine(
        "POST",
        "/devices/{id}/test",
        devices.test,
        "testDevice",
        "Push to one browser now, and tell what came of it.",
        {200: devices.PushedView},
    ),
    _ours(
        "viewer",
        _open("GET", "/push", devices.wishes, "getPush", "Tell what one wants to hear of.", {200: devices.WishesView}),
    ),
    _ours(
        "viewer",
        _open(
            "PATCH",
            "/push",
            devices.wish,
            "changePush",
            "Say what one wants to hear of in this project: pushes at all, and of which categories none.",
            {200: devices.WishesView},
            devices.WishesPatch,
        ),
    ),
)

PEOPLE: Final[tuple[Route, ...]] = (*_GETTING_IN, *_MEMBERS, *_PROJECTS, *_DEVICES)
"""Every call that is for people."""
