"""Hides how keys are made where no key is yet: in the store itself, which a running server heeds at once."""

from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from ensue.cli.exits import OK
from ensue.cli.parsing import Group, housed
from ensue.cli.serving import read_config
from ensue.cli.terminal import Column, Terminal, when

T = TypeVar("T")


def add(commands: Group) -> None:
    """`ensue keys …`."""
    group = commands.group("keys", "Make, list and revoke keys, on the machine of the data.")
    create = housed(group.command("create", "Make a key; its token and secret are shown only now.", _create))
    create.add_argument("--project", default="default", help="slug or id; made if it is new (default)")
    create.add_argument("--scopes", metavar="A,B", help="what it may do; all of its project if not given")
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--public", action="store_true", help="for browsers: it may only send events")
    create.add_argument(
        "--origin",
        action="append",
        metavar="ORIGIN",
        help="page that a public key is for: https://shop.example; may repeat",
    )
    create.add_argument(
        "--verifier",
        type=Path,
        metavar="FILE",
        help="RSA public key (PEM): its other half signs the key's JWTs, by RS256",
    )
    listed = housed(group.command("list", "List the keys of a project, newest first.", _list))
    listed.add_argument("--project", default="default", help="slug or id (default)")
    revoke = housed(group.command("revoke", "End a key for good, within a second.", _revoke, takes="ID"))
    revoke.add_argument("id", metavar="ID", help="the key's id")
    revoke.add_argument("--project", default="default", help="slug or id (default)")


def _beside(arguments: Namespace, act: Callable[[Any], Awaitable[T]]) -> T:
    """`act` on the keys of the data directory, opened beside whoever serves it."""
    import asyncio

    from ensue import app

    config = read_config(arguments)

    async def work() -> T:
        beside = await app.open_beside(config)
        try:
            return await act(beside.keys)
        finally:
            await beside.close()

    return asyncio.run(work())


def _create(arguments: Namespace, terminal: Terminal) -> int:
    from ensue.domain.key import check_scopes

    scopes = check_scopes([one.strip() for one in arguments.scopes.split(",")]) if arguments.scopes else ()
    kind = {"public": arguments.public, "origins": arguments.origin or [], "verifier": _verifier(arguments.verifier)}
    made = _beside(arguments, lambda keys: keys.create(arguments.project, scopes, arguments.name, **kind))
    secrets = {"token": made.token, "secret": made.secret, "jwt": made.jwt}
    shown = {"id": made.key.id} | {name: text for name, text in secrets.items() if text}
    shown["project"] = made.project.slug
    if arguments.json:
        terminal.json(shown)
    else:
        terminal.record(shown)
        terminal.note("Token, secret and JWT are shown only now." if made.secret else "The token is shown only now.")
    return OK


def _verifier(file: Path | None) -> str | None:
    """The text of the file, None without one. EnsueError `invalid` when it cannot be read."""
    from ensue.domain.errors import EnsueError

    if file is None:
        return None
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise EnsueError("invalid", f"The verifier {file} cannot be read: {error}", "verifier") from None


def _list(arguments: Namespace, terminal: Terminal) -> int:
    async def collect(keys: Any) -> list[Any]:
        project = await _project(keys, arguments.project)
        found: list[Any] = []
        while page := await keys.list(project, found[-1].id if found else None):
            found += page
        return found

    rows = [_shown(key) for key in _beside(arguments, collect)]
    if arguments.json:
        terminal.json({"items": rows})
        return OK
    columns = [
        Column("ID"),
        Column("STATE"),
        Column("MADE (UTC)"),
        Column("NAME", flexible=True),
        Column("SCOPES", flexible=True),
    ]
    cells = [
        [row["id"], "revoked" if row["revoked_at"] else "valid", when(row["created_at"]), row["name"], row["scopes"]]
        for row in rows
    ]
    terminal.table(columns, cells, "No keys.")
    return OK


def _shown(key: Any) -> dict[str, Any]:
    from ensue.domain.schedule import format_time
    from ensue.engine.tokens import algorithm_of

    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "algorithm": algorithm_of(key),
        "public": key.public,
        "origins": list(key.origins),
        "created_at": format_time(key.created_at),
        "revoked_at": None if key.revoked_at is None else format_time(key.revoked_at),
    }


async def _project(keys: Any, name: str) -> str:
    from ensue.domain.errors import EnsueError

    found = await keys.find_project(name)
    if found is None:
        raise EnsueError("not_found", f"There is no project {name!r}; `ensue keys create --project {name}` makes it.")
    project: str = found.id
    return project


def _revoke(arguments: Namespace, terminal: Terminal) -> int:
    async def end(keys: Any) -> Any:
        return await keys.revoke(await _project(keys, arguments.project), arguments.id)

    key = _beside(arguments, end)
    if arguments.json:
        terminal.json(_shown(key))
    else:
        terminal.say(f"{key.id} is revoked.")
    return OK
