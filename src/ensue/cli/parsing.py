"""Hides how arguments become values: the parser of `ensue`, its groups of commands, and the kinds that options have."""

import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, HelpFormatter, Namespace, _SubParsersAction
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from ensue.cli.terminal import Terminal
from ensue.config import Setting
from ensue.domain.schedule import format_time

WIDTH: Final = 80

Run = Callable[[Namespace, Terminal], int]
"""What a command does; returns its exit code."""


def _formatter(prog: str) -> HelpFormatter:
    return HelpFormatter(prog, max_help_position=28, width=WIDTH)


def new_parser(prog: str, description: str, **more: Any) -> ArgumentParser:
    """A parser whose help is 80 columns wide, wherever it is read; options are never guessed from their beginnings."""
    return ArgumentParser(prog, description=description, formatter_class=_formatter, allow_abbrev=False, **more)


class Group:
    """Commands under one name."""

    def __init__(self, parser: ArgumentParser) -> None:
        self._parser = parser
        parser.set_defaults(run=None, parser=parser)
        parser.usage = "%(prog)s COMMAND [options]"
        self._commands: _SubParsersAction[ArgumentParser] = parser.add_subparsers(
            title="commands", metavar="COMMAND [options]", prog=parser.prog
        )

    def command(self, name: str, summary: str, run: Run, *, takes: str = "", description: str = "") -> ArgumentParser:
        """A new command; every one can speak JSON. `takes` are the arguments that it must have."""
        parser = self._add(name, summary, description or summary)
        parser.usage = " ".join(["%(prog)s", *([takes] if takes else []), "[options]"])
        parser.add_argument("--json", action="store_true", help="print JSON, errors too")
        parser.set_defaults(run=run, parser=parser)
        return parser

    def group(self, name: str, summary: str) -> "Group":
        """A new group of commands."""
        return Group(self._add(name, summary, summary))

    def _add(self, name: str, summary: str, description: str) -> ArgumentParser:
        help_text = summary[0].lower() + summary[1:].rstrip(".")
        return self._commands.add_parser(
            name, help=help_text, description=description, formatter_class=_formatter, allow_abbrev=False
        )


def connected(parser: ArgumentParser) -> ArgumentParser:
    """Options of a command that speaks to a server."""
    group = parser.add_argument_group("server", "Found by themselves on the same machine.")
    group.add_argument("--url", help="address of the server (ENSUE_URL)")
    group.add_argument("--key", help="token of a key (ENSUE_KEY); better kept in the environment")
    return parser


def housed(parser: ArgumentParser) -> ArgumentParser:
    """Options of a command that works on the data directory."""
    group = parser.add_argument_group("settings", "As those of `ensue serve`.")
    group.add_argument("--data", dest="setting_data", metavar="DIR", help="data directory (ENSUE_DATA)")
    group.add_argument("--config", metavar="FILE", help="file of settings, TOML (ENSUE_CONFIG)")
    return parser


def settings_of(arguments: Namespace) -> dict[str, Any]:
    """The settings given as flags, by name; None where one was not."""
    given = vars(arguments)
    return {name.removeprefix("setting_"): value for name, value in given.items() if name.startswith("setting_")}


def setting_type(setting: Setting) -> Callable[[str], Any]:
    """How a flag of that setting is read."""

    def read(text: str) -> Any:
        try:
            return setting.read(text)
        except ValueError as error:
            raise ArgumentTypeError(f"{text!r} is no {setting.kind}: {error}") from None

    return read


seconds: Final = setting_type(Setting("time", "seconds", 0.0, ""))
"""`90`, `10s`, `5m`, `2h`, `7d` as seconds."""


def moment(text: str) -> str:
    """A time (RFC 3339), or how long ago: `90s`, `24h`, `7d`."""
    try:
        ago = seconds(text)
    except ArgumentTypeError:
        return text
    return format_time(round((time.time() - ago) * 1000))


def json_text(text: str) -> msgspec.Raw:
    """JSON as it is written, from the argument, `@FILE`, or `-` (standard input); numbers keep their digits."""
    if text == "-":
        content = sys.stdin.buffer.read()
    elif text.startswith("@"):
        content = _file(Path(text[1:]))
    else:
        content = text.encode("utf-8", "surrogateescape")
    try:
        msgspec.json.decode(content)
    except (ValueError, RecursionError) as error:
        raise ArgumentTypeError(f"this is no JSON ({error}); a text needs its quotes: '\"text\"'") from None
    return msgspec.Raw(content)


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error.strerror}") from None


def header(text: str) -> tuple[str, str]:
    """`Name: value`."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ArgumentTypeError(f"{text!r} is no header; write 'Name: value'")
    return name.strip(), value.strip()


def attribute(text: str) -> tuple[str, str]:
    """`name=value,value`; blanks count."""
    name, equals, values = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} is no attribute; write 'name=value,value'")
    return name, values


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text!r} is no share; write a number from 0 to 1")
    return number


def waits(text: str) -> list[float]:
    """`5s,5m,30m` as a list of seconds."""
    return [seconds(part) for part in text.split(",") if part.strip()]


def whole(text: str) -> int:
    """A number of things, 1 or more."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)
