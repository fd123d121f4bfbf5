"""Hides which commands there are, and what becomes of their errors: a message and an exit code that means something."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from ensue.cli import actions, deliveries, demo, events, keys, members, replays, serving, triggers, upkeep
from ensue.cli.exits import FAILED, INTERRUPTED, READER_GONE, REFUSED, UNREACHABLE, USAGE, FailedError, UsageError
from ensue.cli.parsing import Group, new_parser
from ensue.cli.terminal import Terminal
from ensue.client import ApiError
from ensue.config import SettingError
from ensue.domain.errors import EnsueError
from ensue.version import VERSION


def build_parser() -> ArgumentParser:
    """The parser of `ensue` with all of its commands."""
    parser = new_parser("ensue", "Something happens. Ensue makes the rest follow.")
    parser.add_argument("--version", action="version", version=f"ensue {VERSION}")
    commands = Group(parser)
    serving.add(commands)
    keys.add(commands)
    members.add(commands)
    events.add(commands)
    actions.add(commands)
    triggers.add(commands)
    deliveries.add(commands)
    replays.add(commands)
    demo.add(commands)
    upkeep.add(commands)
    commands.command("version", "Print the release.", _version)
    return parser


def run(argv: Sequence[str] | None, terminal: Terminal) -> int:
    """Run the command that `argv` names; returns the exit code. Never raises but for faults of our own."""
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as error:  # help and version end with 0, wrong usage with 2
        return error.code if isinstance(error.code, int) else USAGE
    if arguments.run is None:
        arguments.parser.print_help(sys.stderr)
        return USAGE
    try:
        return int(arguments.run(arguments, terminal))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        terminal.silence()
        return READER_GONE
    except (UsageError, SettingError) as error:
        _tell(terminal, arguments, "invalid", str(error))
        return USAGE
    except FailedError as error:
        _tell(terminal, arguments, "failed", str(error))
        return FAILED
    except EnsueError as error:
        _tell(terminal, arguments, error.code, error.message, error.field)
        return _code(error)


def _code(error: EnsueError) -> int:
    if not isinstance(error, ApiError):
        return FAILED
    if error.code == "unreachable":
        return UNREACHABLE
    return REFUSED if error.status else USAGE


def _tell(terminal: Terminal, arguments: Namespace, code: str, message: str, field: str | None = None) -> None:
    body = {"code": code, "message": message} | ({"field": field} if field else {})
    terminal.error(message, as_json=body if arguments.json else None)


def _version(arguments: Namespace, terminal: Terminal) -> int:
    if arguments.json:
        terminal.json({"version": VERSION})
    else:
        terminal.say(f"ensue {VERSION}")
    return 0
