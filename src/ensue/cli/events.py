"""Hides how events are sent and watched by hand."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Any, Final

from ensue.cli.connection import connect
from ensue.cli.exits import OK
from ensue.cli.parsing import Group, connected, json_text, seconds, whole
from ensue.cli.terminal import Terminal, plain
from ensue.client import EventFields

_FIELDS: Final = (
    ("subject", "whom or what it is about"),
    ("source", "where it comes from"),
    ("tenant", "the customer that it concerns"),
    ("context", "id of the story that it belongs to"),
    ("time", "when it happened, RFC 3339; now if not given"),
    ("id", "your own id of it; with --source, a repeat is no new event"),
    ("idempotency-key", "the same key within 24 h is the same event"),
    ("send-at", "happen only then, RFC 3339"),
)

_FILTERS: Final = ("type", "subject", "category", "tenant", "context")


def add(commands: Group) -> None:
    """`ensue send` and `ensue tail`."""
    send = connected(commands.command("send", "Send an event.", _send, takes="TYPE"))
    send.add_argument("type", metavar="TYPE", help="what happened, like order.paid")
    source = "as JSON, @FILE, or - for standard input"
    send.add_argument("--data", type=json_text, metavar="JSON", help=f"its data {source}")
    send.add_argument("--card", type=json_text, metavar="JSON", help=f"how the feed shows it, {source}")
    for name, text in _FIELDS:
        send.add_argument(f"--{name}", metavar="TIME" if "RFC" in text else "TEXT", help=text)
    send.add_argument("--delay", type=seconds, metavar="TIME", help="happen only after, like 90s or 2h")
    tail = connected(commands.command("tail", "Print events as they happen, until Ctrl-C.", _tail))
    _add_filters(tail)
    tail.add_argument("--after", metavar="CURSOR", help="begin after this cursor; now if not given")
    tail.add_argument("--count", type=whole, metavar="N", help="end after so many events")


def _add_filters(parser: ArgumentParser) -> None:
    parser.add_argument("--type", metavar="PATTERN", help="only types like order.* or order.**")
    for name in _FILTERS[1:]:
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"only of this {name}")


def _send(arguments: Namespace, terminal: Terminal) -> int:
    names = [name.replace("-", "_") for name, _ in _FIELDS]
    given = {name: getattr(arguments, name) for name in (*names, "card", "delay")}
    fields: EventFields = {name: value for name, value in given.items() if value is not None}  # type: ignore[assignment]
    with connect(arguments) as client:
        receipt = client.send(arguments.type, arguments.data, **fields)
    if arguments.json:
        warnings = {"warnings": receipt.warnings} if receipt.warnings else {}
        terminal.json({"id": receipt.id, "duplicate": receipt.duplicate, **warnings})
        return OK
    for warning in receipt.warnings:
        terminal.note(f"warning: {plain(warning)}")
    terminal.say(f"{receipt.id}  duplicate" if receipt.duplicate else receipt.id)
    return OK


def _tail(arguments: Namespace, terminal: Terminal) -> int:
    filters = {name: getattr(arguments, name) for name in _FILTERS}
    left = arguments.count
    with connect(arguments) as client:
        for streamed in client.stream(arguments.after, **filters):
            if streamed.event is None:
                terminal.note("Events are missing here: the log does not reach back to that cursor.")
                continue
            if arguments.json:
                terminal.json({"cursor": streamed.cursor, "event": streamed.event})
            else:
                terminal.line(event_line(streamed.event))
            left = None if left is None else left - 1
            if left == 0:
                break
    return OK


def event_line(event: Mapping[str, Any]) -> str:
    """An event on one line: time (UTC), type, subject, and its title or data."""
    shown = (event.get("card") or {}).get("title") or event.get("data")
    parts = [
        str(event.get("received_at", ""))[11:19],
        f"{plain(event['type']):<24}",
        plain(event.get("subject") or "-"),
    ]
    return "  ".join([*parts, plain(shown)]).rstrip()
