"""Hides how people are let in and out where nobody is signed in: in the store itself, which a running server heeds."""

from argparse import Namespace
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from ensue.cli.exits import OK
from ensue.cli.parsing import Group, housed
from ensue.cli.serving import read_config
from ensue.cli.terminal import Column, Terminal, when

T = TypeVar("T")


def add(commands: Group) -> None:
    """`ensue members …`."""
    group = commands.group(
        "members", "List, invite and remove people, and reset passwords, on the machine of the data."
    )
    listed = housed(group.command("list", "List the members of a project, by name.", _list))
    invite = housed(
        group.command("invite", "Invite an address: by mail, or by the link shown.", _invite, takes="ADDRESS")
    )
    invite.add_argument("--role", default="member", help="owner, admin, member (default) or viewer")
    remove = housed(
        group.command("remove", "Take somebody out of a project, within a second.", _remove, takes="ADDRESS")
    )
    reset = housed(group.command("reset", "Show a link to a new password, for an hour.", _reset, takes="ADDRESS"))
    for parser in (invite, remove, reset):
        parser.add_argument("address", metavar="ADDRESS", help="e-mail address")
    for parser in (listed, invite, remove):
        parser.add_argument("--project", default="default", help="slug or id (default)")


def _beside(arguments: Namespace, act: Callable[[Any], Awaitable[T]]) -> T:
    """`act` on the people of the data directory, opened beside whoever serves it."""
    import asyncio

    from ensue import app

    config = read_config(arguments)

    async def work() -> T:
        beside = await app.open_beside(config)
        try:
            return await act(beside.people)
        finally:
            await beside.close()

    return asyncio.run(work())


async def _project(people: Any, name: str) -> Any:
    from ensue.domain.errors import EnsueError

    found = await people.projects.find(name)
    if found is None:
        raise EnsueError("not_found", f"There is no project {name!r}.")
    return found


def _list(arguments: Namespace, terminal: Terminal) -> int:
    from ensue.domain.schedule import format_time

    async def collect(people: Any) -> list[dict[str, Any]]:
        found = await people.members.list((await _project(people, arguments.project)).id)
        seen = await people.sessions.last_seen([one.account.id for one in found])
        return [
            {
                "id": one.account.id,
                "name": one.account.name,
                "email": one.account.email,
                "role": one.seat.role,
                "created_at": format_time(one.seat.since),
                "last_seen_at": format_time(seen[one.account.id]) if one.account.id in seen else None,
            }
            for one in found
        ]

    rows = _beside(arguments, collect)
    if arguments.json:
        terminal.json({"items": rows})
        return OK
    columns = [Column("NAME", flexible=True), Column("ADDRESS", flexible=True), Column("ROLE"), Column("SEEN (UTC)")]
    cells = [[row["name"], row["email"], row["role"], _seen(row["last_seen_at"])] for row in rows]
    terminal.table(columns, cells, "No members.")
    return OK


def _seen(moment: str | None) -> str:
    return "never" if moment is None else when(moment)


def _invite(arguments: Namespace, terminal: Terminal) -> int:
    from ensue.domain.member import check_role

    role = check_role(arguments.role)

    async def invite(people: Any) -> Any:
        project = await _project(people, arguments.project)
        return await people.invitations.create(project, arguments.address, role, "", "owner")

    invited = _beside(arguments, invite)
    if arguments.json:
        terminal.json({"id": invited.invitation.id, "email": invited.invitation.email, "link": invited.link})
    elif invited.link is None:
        terminal.say(f"The invitation was mailed to {invited.invitation.email}.")
    else:
        terminal.say(invited.link)
        terminal.note("For this address only, once, within 7 days. The link is shown only now.")
    return OK


def _remove(arguments: Namespace, terminal: Terminal) -> int:
    from ensue.domain.errors import EnsueError

    async def remove(people: Any) -> None:
        account = await people.accounts.find(arguments.address)
        if account is None:
            raise EnsueError("not_found", f"Nobody has an account by the address {arguments.address[:80]!r}.")
        await people.members.remove((await _project(people, arguments.project)).id, account.id, "owner")

    _beside(arguments, remove)
    if arguments.json:
        terminal.json({"email": arguments.address, "project": arguments.project})
    else:
        terminal.say(f"{arguments.address} is no member of {arguments.project} any more.")
    return OK


def _reset(arguments: Namespace, terminal: Terminal) -> int:
    link = _beside(arguments, lambda people: people.accounts.reset_link(arguments.address))
    if arguments.json:
        terminal.json({"link": link})
    else:
        terminal.say(link)
        terminal.note("It works once, for an hour, and ends all sessions of the account.")
    return OK
