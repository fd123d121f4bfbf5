"""Hides how buttons are pressed by hand, and how the secret that signs their requests is seen and changed."""

from argparse import Namespace

from ensue.cli.connection import connect
from ensue.cli.exits import FAILED, OK
from ensue.cli.parsing import Group, connected
from ensue.cli.terminal import Terminal
from ensue.cli.triggers import show


def add(commands: Group) -> None:
    """`ensue press` and `ensue actions …`."""
    press = connected(
        commands.command("press", "Press a button of an event; exit code 1 if that fails.", _press, takes="EVENT KEY")
    )
    press.add_argument("event", metavar="EVENT", help="id of the event that shows it")
    press.add_argument("action", metavar="KEY", help="key of the button")
    group = commands.group("actions", "What the buttons of cards send.")
    secret = connected(group.command("secret", "Show the secret that signs the requests of buttons.", _secret))
    secret.add_argument("--rotate", action="store_true", help="make a new one; the old one signs for a day")


def _press(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        outcome = client.press(arguments.event, arguments.action)
    show(outcome, arguments, terminal)
    return OK if outcome["state"] == "done" else FAILED


def _secret(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client:
        found = client.actions.rotate_secret() if arguments.rotate else client.actions.secret()
    show(found, arguments, terminal)
    return OK
