"""Hides how a server is started by hand: every setting is a flag, and the first lines say how to send something."""

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from ensue.cli.exits import OK, UsageError
from ensue.cli.parsing import Group, setting_type, settings_of
from ensue.cli.terminal import Terminal
from ensue.config import SETTINGS, Config, Setting, load, local_url
from ensue.version import VERSION

NO_FLAGS: Final = frozenset({"secret_key", "smtp_url"})
"""Settings that are no flags: everybody on the machine can read a process's arguments."""

_METAVARS: Final = {
    "text": "TEXT",
    "path": "DIR",
    "integer": "N",
    "number": "N",
    "seconds": "TIME",
    "flag": "true|false",
}

_DESCRIPTION: Final = (
    "Serve everything on one port. Each setting is a flag, a variable of the environment (--max-text is "
    "ENSUE_MAX_TEXT) or a line of a TOML file; flags win over the environment, the environment over the file."
)


def add(commands: Group) -> None:
    """`ensue serve`."""
    parser = commands.command("serve", "Serve the API and send what is owed.", serve, description=_DESCRIPTION)
    parser.add_argument("--config", metavar="FILE", help="file of settings, TOML (ENSUE_CONFIG)")
    for setting in SETTINGS:
        if setting.name not in NO_FLAGS:
            _add_flag(parser, setting)


def _add_flag(parser: ArgumentParser, setting: Setting) -> None:
    parser.add_argument(
        "--" + setting.name.replace("_", "-"),
        dest=f"setting_{setting.name}",
        type=setting_type(setting),
        metavar=_METAVARS[setting.kind],
        help=f"{setting.help} Default: {setting.shown_default}.".replace("%", "%%"),
    )


def read_config(arguments: Namespace) -> Config:
    """The settings of all sources. SettingError for those that cannot be read."""
    return load(settings_of(arguments), file=Path(arguments.config) if arguments.config else None)


def serve(arguments: Namespace, terminal: Terminal) -> int:
    """Serve until SIGTERM or SIGINT."""
    from ensue import app
    from ensue.telemetry import configure_logging

    config = read_config(arguments)
    try:
        configure_logging(config.log_format, config.log_level)
    except ValueError as error:
        raise UsageError(str(error)) from None
    file = config.directory / app.FIRST_KEY
    may_show = terminal.width is not None or not file.exists()

    def ready(host: str, port: int, setup: str | None) -> None:
        key = _read(file)
        url = local_url(host, port)
        if arguments.json:
            started = {"url": url, "data": config.data, "key_file": str(file) if key else None, "setup": setup}
            terminal.json(started)
        else:
            terminal.say(welcome(url, key, config.directory, show_key=may_show, setup=setup))

    app.serve(config, ready)
    return OK


def _read(file: Path) -> str | None:
    try:
        return file.read_text("ascii").strip() or None
    except OSError:
        return None


def welcome(url: str, key: str | None, directory: Path, *, show_key: bool = True, setup: str | None = None) -> str:
    """What a started server says: address, data, the first key, and a line to paste that sends an event.

    `show_key` False names the key's file instead, so that a journal does not collect keys; None: it was removed.
    `setup` is the link that makes the first account, while there is none.
    """
    file = (directory / "first-key").absolute()
    lines = [f"Ensue {VERSION} serves on {url}", "", f"  data  {directory.absolute()}"]
    if setup is not None:
        lines[1:1] = ["", "Open this once, to make your account:", "", f"  {setup}"]
    if key is None:
        return "\n".join([*lines, "  key   make one with `ensue keys create`", ""])
    token = key if show_key else f"$(cat {shlex.quote(str(file))})"
    lines += [f"  key   {key if show_key else file}", "", "Send a first event:", ""]
    lines += [
        f"  curl {shlex.quote(url + '/api/v1/events')} \\",
        f'    -H "Authorization: Bearer {token}" \\',
        '    -H "Content-Type: application/json" \\',
        """    -d '{"type": "order.paid", "data": {"amount": 120}}'""",
        "",
    ]
    return "\n".join(lines)
