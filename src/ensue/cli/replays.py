"""Hides how what happened is sent again by hand: counted, begun, watched, stopped."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ensue.cli.connection import connect
from ensue.cli.exits import OK, FailedError
from ensue.cli.parsing import Group, connected, moment, whole
from ensue.cli.terminal import Column, Terminal, when
from ensue.cli.triggers import show
from ensue.client import Client

_STATES: Final = ("dead", "cancelled", "delivered")
_FIELDS: Final = ("trigger", "type", "state", "since", "until", "filter", "q", "to")
_LOOK: Final = 0.5
"""Seconds between two looks at a replay that is followed."""


def add(commands: Group) -> None:
    """`ensue replay` and `ensue replays …`."""
    replay = connected(
        commands.command(
            "replay",
            "Send again what happened.",
            _replay,
            description="Send again what happened: deliveries by their --state, the events that a --trigger fires on, "
            "or any events --to a trigger. New deliveries are made; Ctrl-C ends following, not the replay.",
        )
    )
    _add_wanted(replay)
    replay.add_argument("--dry-run", action="store_true", help="count only")
    replay.add_argument("--follow", action="store_true", help="wait until everything has arrived or died")
    group = commands.group("replays", "What is sent again, and how far it is.")
    listed = connected(group.command("list", "List replays, newest first.", _list))
    listed.add_argument("--most", type=whole, default=20, metavar="N", help="so many at most (20)")
    shown = connected(group.command("show", "Show one replay.", _show, takes="ID"))
    shown.add_argument("id", metavar="ID")
    shown.add_argument("--follow", action="store_true", help="wait until everything has arrived or died")
    cancel = connected(group.command("cancel", "Make no more deliveries.", _cancel, takes="ID"))
    cancel.add_argument("id", metavar="ID")
    cancel.add_argument("--deliveries", action="store_true", help="stop those too that did not arrive yet")


def _add_wanted(parser: ArgumentParser) -> None:
    parser.add_argument("--trigger", metavar="ID", help="what went, or would go, to this trigger")
    parser.add_argument("--type", metavar="PATTERN", help="only types like order.* or order.**")
    parser.add_argument("--state", choices=_STATES, help="events whose last delivery stands so")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="from this time on: RFC 3339, or 24h for a day ago"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="before this time")
    parser.add_argument("--filter", metavar="CEL", help="an expression over `event`")
    parser.add_argument("--q", metavar="WORDS", help="what holds these words, the last one as a beginning")
    parser.add_argument("--to", metavar="ID", help="send to this trigger instead")


def _replay(arguments: Namespace, terminal: Terminal) -> int:
    wanted = {name: getattr(arguments, name) for name in _FIELDS if getattr(arguments, name) is not None}
    with connect(arguments) as client:
        if arguments.dry_run:
            _tell_count(client.replays.count(**wanted), arguments, terminal)
            return OK
        replay = client.replays.create(**wanted)
        return _told(client, replay, arguments, terminal)


def _tell_count(counted: Mapping[str, Any], arguments: Namespace, terminal: Terminal) -> None:
    if arguments.json:
        terminal.json(counted)
        return
    number = f"{counted['count']:,}"
    terminal.say(f"{number} to send again" if counted["exact"] else f"more than {number} to send again")
    _tell_complaint(counted, terminal)


def _tell_complaint(found: Mapping[str, Any], terminal: Terminal) -> None:
    if found.get("filter_error"):
        terminal.note(f"warning: the filter erred, and what it errs on is left out: {found['filter_error']}")


def _told(client: Client, replay: dict[str, Any], arguments: Namespace, terminal: Terminal) -> int:
    """Show a replay, at its end where it is followed; FailedError where it, or something that it sent, failed."""
    if arguments.follow:
        replay = _followed(client, replay, terminal)
    show(replay, arguments, terminal)
    if not arguments.json:
        _tell_complaint(replay, terminal)
    if replay["state"] == "failed":
        raise FailedError(f"the replay failed: {replay.get('reason')}")
    if arguments.follow and replay["deliveries"]["dead"]:
        raise FailedError(f"{replay['deliveries']['dead']:,} of its deliveries died")
    return OK


def _followed(client: Client, replay: dict[str, Any], terminal: Terminal) -> dict[str, Any]:
    """The replay once nothing more comes of it."""
    while replay["state"] == "running" or replay["deliveries"]["pending"]:
        terminal.progress(_progress(replay))
        time.sleep(_LOOK)
        replay = client.replays.get(replay["id"])
    terminal.progress("")
    return replay


def _progress(replay: Mapping[str, Any]) -> str:
    states = replay["deliveries"]
    count = "" if replay["count"] is None else f" of {replay['count']:,}"
    return f"{replay['done']:,}{count} made, {states['delivered']:,} delivered, {states['dead']:,} dead"


def _list(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        items = list(islice(client.replays.list(limit=min(arguments.most, 100)), arguments.most))
    if arguments.json:
        terminal.json({"items": items})
        return OK
    columns = [
        Column("ID"),
        Column("STATE"),
        Column("MADE", number=True),
        Column("DELIVERED", number=True),
        Column("DEAD", number=True),
        Column("UTC"),
    ]
    terminal.table(columns, [_row(replay) for replay in items], "No replays. `ensue replay` begins one.")
    return OK


def _row(replay: Mapping[str, Any]) -> list[Any]:
    states = replay["deliveries"]
    return [
        replay["id"],
        replay["state"],
        replay["done"],
        states["delivered"],
        states["dead"],
        when(replay["created_at"]),
    ]


def _show(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        return _told(client, client.replays.get(arguments.id), arguments, terminal)


def _cancel(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        show(client.replays.cancel(arguments.id, deliveries=arguments.deliveries), arguments, terminal)
    return OK
