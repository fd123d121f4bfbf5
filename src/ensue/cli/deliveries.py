"""Hides how debts are looked at by hand: which are owed, what was tried, and how to try again or stop."""

from argparse import Namespace
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from ensue.cli.connection import connect
from ensue.cli.exits import OK
from ensue.cli.parsing import Group, connected, moment, whole
from ensue.cli.terminal import Column, Terminal, when
from ensue.cli.triggers import show

_STATES: Final = ("pending", "delivered", "dead", "cancelled")
_FILTERS: Final = ("state", "trigger", "event", "replay", "since", "until", "q")


def add(commands: Group) -> None:
    """`ensue deliveries …`."""
    group = commands.group("deliveries", "What is owed for events, and what became of it.")
    listed = connected(group.command("list", "List deliveries, newest first.", _list))
    listed.add_argument("--state", choices=_STATES, help="only those in this state")
    listed.add_argument("--trigger", metavar="ID", help="only of this trigger")
    listed.add_argument("--event", metavar="ID", help="only of this event")
    listed.add_argument("--replay", metavar="ID", help="only of this replay")
    listed.add_argument(
        "--since", type=moment, metavar="TIME", help="made from this time on: RFC 3339, or 24h for a day ago"
    )
    listed.add_argument("--until", type=moment, metavar="TIME", help="made before this time")
    listed.add_argument("--q", metavar="WORDS", help="whose event, reason or trigger holds these words")
    listed.add_argument("--most", type=whole, default=20, metavar="N", help="so many at most (20)")
    shown = connected(group.command("show", "Show one delivery with its attempts.", _show, takes="ID"))
    shown.add_argument("id", metavar="ID")
    retry = connected(group.command("retry", "Try a delivery again now.", _retry, takes="ID"))
    retry.add_argument("id", metavar="ID")
    cancel = connected(group.command("cancel", "Stop a delivery.", _cancel, takes="ID"))
    cancel.add_argument("id", metavar="ID")


def _list(arguments: Namespace, terminal: Terminal) -> int:
    filters = {name: getattr(arguments, name) for name in _FILTERS}
    with connect(arguments) as client:
        items = list(islice(client.deliveries.list(limit=min(arguments.most, 100), **filters), arguments.most))
    if arguments.json:
        terminal.json({"items": items})
        return OK
    columns = [
        Column("ID"),
        Column("STATE"),
        Column("TRIES", number=True),
        Column("UTC"),
        Column("REASON", flexible=True),
    ]
    terminal.table(columns, [_row(delivery) for delivery in items], "No deliveries.")
    return OK


def _row(delivery: Mapping[str, Any]) -> list[Any]:
    at = when(delivery.get("ended_at") or delivery.get("due_at"))
    return [delivery["id"], delivery["state"], delivery.get("tries", 0), at, delivery.get("reason")]


def _show(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        delivery = client.deliveries.get(arguments.id)
    if arguments.json:
        terminal.json(delivery)
        return OK
    attempts = delivery.pop("attempts", [])
    terminal.record(delivery)
    terminal.say()
    columns = [
        Column("TRY", number=True),
        Column("RESULT"),
        Column("STATUS"),
        Column("MS", number=True),
        Column("UTC"),
        Column("ERROR", flexible=True),
    ]
    terminal.table(columns, [_attempt(attempt) for attempt in attempts], "Not tried yet.")
    return OK


def _attempt(attempt: Mapping[str, Any]) -> list[Any]:
    response = attempt.get("response") or {}
    return [
        attempt.get("number"),
        f"{attempt.get('result')}{' (late)' if attempt.get('late') else ''}",
        attempt.get("status", response.get("status")),
        attempt.get("duration_ms"),
        when(attempt.get("started_at")),
        attempt.get("error"),
    ]


def _retry(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        show(client.deliveries.retry(arguments.id), arguments, terminal)
    return OK


def _cancel(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        cancelled = client.deliveries.cancel(arguments.id)
    show(cancelled, arguments, terminal)
    if cancelled.get("in_flight"):
        terminal.note("It was under way; it may arrive all the same.")
    return OK
