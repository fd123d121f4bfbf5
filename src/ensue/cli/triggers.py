"""Hides how a trigger is written as options: each is a field of the API, and an update sends only what was given."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import Any, Final

from ensue.cli.connection import connect
from ensue.cli.exits import FAILED, OK, UsageError
from ensue.cli.parsing import Group, attribute, connected, header, json_text, share, waits, whole
from ensue.cli.terminal import Column, Terminal
from ensue.client import Client

_MATCHES: Final = ("tenant", "subject", "category", "filter")
_FORMATS: Final = ("cloudevents", "cloudevents-binary", "plain", "spacecloud", "spacecloud-1.0-rc1")


def add(commands: Group) -> None:
    """`ensue triggers …`."""
    group = commands.group("triggers", "When an event like this happens, send it there.")
    connected(group.command("list", "List triggers, newest first.", _list))
    create = connected(
        group.command("create", "Make a trigger; its secret is shown.", _create, takes="--name NAME --endpoint URL")
    )
    _add_fields(create, required=True)
    create.add_argument("--disabled", action="store_true", help="send nothing yet; what matches waits")
    create.add_argument("--secret", help="sign with this whsec_… instead of a new one")
    _named(group, "show", "Show one trigger.", lambda client, name: client.triggers.get(name))
    update = connected(group.command("update", "Change a trigger; what is not given stays.", _update, takes="ID"))
    update.add_argument("id", metavar="ID")
    _add_fields(update, required=False)
    delete = connected(group.command("delete", "Remove a trigger; what it owes is cancelled.", _delete, takes="ID"))
    delete.add_argument("id", metavar="ID")
    _named(group, "enable", "Send again, what waited first.", lambda client, name: client.triggers.enable(name))
    _named(group, "disable", "Send nothing; what matches waits.", lambda client, name: client.triggers.disable(name))
    _named(group, "secret", "Show the secret that signs.", lambda client, name: client.triggers.secret(name))
    test = connected(group.command("test", "Send it a test event now; exit code 1 if that fails.", _test, takes="ID"))
    test.add_argument("id", metavar="ID")
    rotate = connected(
        group.command("rotate-secret", "Make a new secret; the old one signs for a day.", _rotate, takes="ID")
    )
    rotate.add_argument("id", metavar="ID")
    rotate.add_argument("--secret", help="this whsec_… instead of a new one")


def _add_fields(parser: ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--name", required=required, help="what it is called")
    parser.add_argument("--endpoint", required=required, metavar="URL", help="where it sends")
    match = parser.add_argument_group("which events")
    match.add_argument("--type", action="append", metavar="PATTERN", help="order.paid, order.*, order.**; may repeat")
    for name in _MATCHES[:3]:
        match.add_argument(f"--{name}", metavar="TEXT", help=f"only of this {name}")
    match.add_argument("--filter", metavar="CEL", help="only where this holds, like event.data.amount > 100")
    match.add_argument(
        "--attribute", action="append", type=attribute, metavar="NAME=VALUE,…", help="one of these values; may repeat"
    )
    match.add_argument("--rule", type=json_text, metavar="JSON", help="a rule over args.data, in Space Cloud's words")
    match.add_argument("--test-events", choices=["yes", "no"], help="test events too")
    sending = parser.add_argument_group("how they are sent")
    sending.add_argument("--format", choices=_FORMATS)
    sending.add_argument("--header", action="append", type=header, metavar="'NAME: VALUE'", help="may repeat")
    sending.add_argument(
        "--secret-header", action="append", type=header, metavar="'NAME: VALUE'", help="never shown again; may repeat"
    )
    sending.add_argument("--attempts", type=whole, metavar="N", help="tries in all")
    sending.add_argument("--schedule", type=waits, metavar="5s,5m,1h", help="waits between tries; the last repeats")
    sending.add_argument("--jitter", type=share, metavar="SHARE", help="of a wait that may be added: 0.2, 0 for none")
    sending.add_argument("--timeout-ms", type=whole, metavar="N", help="for one try in all")
    sending.add_argument("--concurrency", type=whole, metavar="N", help="tries at once")


def _named(group: Group, name: str, summary: str, act: Callable[[Client, str], dict[str, Any]]) -> None:
    """A command that takes an id and shows what comes back."""

    def run(arguments: Namespace, terminal: Terminal) -> int:
        with connect(arguments) as client:
            show(act(client, arguments.id), arguments, terminal)
        return OK

    connected(group.command(name, summary, run, takes="ID")).add_argument("id", metavar="ID")


def show(value: Mapping[str, Any], arguments: Namespace, terminal: Terminal) -> None:
    """One thing, as JSON or for the eye."""
    if arguments.json:
        terminal.json(value)
    else:
        terminal.record(value)


def _list(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        items = list(client.triggers.list())
    if arguments.json:
        terminal.json({"items": items})
        return OK
    columns = [
        Column("ID"),
        Column("STATE"),
        Column("NAME", flexible=True),
        Column("TYPE", flexible=True),
        Column("ENDPOINT", flexible=True),
    ]
    terminal.table(columns, [_row(trigger) for trigger in items], "No triggers. `ensue triggers create` makes one.")
    return OK


def _row(trigger: Mapping[str, Any]) -> list[Any]:
    state = "enabled" if trigger.get("enabled") else "disabled"
    types = trigger["match"].get("type", ["**"])
    return [trigger["id"], state, trigger["name"], types, trigger["endpoint"]["url"]]


def _create(arguments: Namespace, terminal: Terminal) -> int:
    fields = _fields(arguments)
    match = _match(arguments)
    fields |= {"match": match} if match else {}
    fields |= {"enabled": False} if arguments.disabled else {}
    if arguments.secret:
        fields["endpoint"]["secret"] = arguments.secret
    with connect(arguments) as client:
        show(client.triggers.create(**fields), arguments, terminal)
    return OK


def _update(arguments: Namespace, terminal: Terminal) -> int:
    changes, match = _fields(arguments), _match(arguments)
    if not changes and not match:
        raise UsageError("Nothing to change was given; see `ensue triggers update --help`.")
    with connect(arguments) as client:
        if match or "retry" in changes:
            kept = client.triggers.get(arguments.id)
            changes |= {"match": {**kept["match"], **match}} if match else {}
            changes |= {"retry": {**kept["retry"], **changes["retry"]}} if "retry" in changes else {}
        show(client.triggers.update(arguments.id, **changes), arguments, terminal)
    return OK


def _fields(arguments: Namespace) -> dict[str, Any]:
    """What was given, as the API names it, but for the match."""
    endpoint = {
        "url": arguments.endpoint,
        "headers": _map(arguments.header),
        "secret_headers": _map(arguments.secret_header),
    }
    fields = {
        "name": arguments.name,
        "endpoint": _given(endpoint),
        "format": arguments.format,
        "retry": _given({"attempts": arguments.attempts, "schedule": arguments.schedule, "jitter": arguments.jitter}),
        "timeout_ms": arguments.timeout_ms,
        "concurrency": arguments.concurrency,
    }
    return _given(fields)


def _match(arguments: Namespace) -> dict[str, Any]:
    test = None if arguments.test_events is None else arguments.test_events == "yes"
    others = {"type": arguments.type, "test": test, "attributes": _map(arguments.attribute), "rule": arguments.rule}
    return _given(others | {name: getattr(arguments, name) for name in _MATCHES})


def _map(pairs: list[tuple[str, str]] | None) -> dict[str, str] | None:
    return None if pairs is None else dict(pairs)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != {}}


def _delete(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        client.triggers.delete(arguments.id)
    if arguments.json:
        terminal.json({"id": arguments.id, "deleted": True})
    else:
        terminal.say(f"{arguments.id} is removed.")
    return OK


def _test(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        outcome = client.triggers.test(arguments.id)
    show(outcome, arguments, terminal)
    return OK if outcome["state"] == "delivered" else FAILED


def _rotate(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        show(client.triggers.rotate_secret(arguments.id, arguments.secret), arguments, terminal)
    return OK
