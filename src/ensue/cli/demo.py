"""Hides how a project is filled with a past to look at, and who receives what is sent again afterwards."""

import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ensue.cli.connection import connect
from ensue.cli.exits import OK, FailedError
from ensue.cli.parsing import Group, connected, whole
from ensue.cli.terminal import Terminal
from ensue.client import Client
from ensue.domain.errors import EnsueError

_NOBODY = (
    "Its receivers are made up: names below fjord.example, which nobody has. What you retry, replay\n"
    "or press fails there, as does what still waits; of `ensue demo --receive --again` all arrives."
)


def add(commands: Group) -> None:
    """`ensue demo`."""
    about = (
        "Fill a project with a month at a small coffee roaster: triggers, events with cards, threads and buttons, and "
        "deliveries that arrived, were retried, died and wait. The past is made up and nothing of it is sent; what "
        "still waits, is retried or pressed goes to names that nobody has (*.fjord.example), and fails. With --receive "
        "the roaster's systems are on this machine, as long as the command runs, so that buttons, retries and replays "
        "arrive; the server must be allowed to call it (ENSUE_ALLOW_NETWORKS=127.0.0.0/8)."
    )
    demo = connected(commands.command("demo", "Fill a project with something to look at.", _demo, description=about))
    demo.add_argument("--count", type=whole, default=12_000, metavar="N", help="so many events (12000)")
    demo.add_argument("--seed", type=whole, default=1, metavar="N", help="the same number tells the same story (1)")
    demo.add_argument("--again", action="store_true", help="add a month to a demo that is there already")
    demo.add_argument("--receive", action="store_true", help="receive on 127.0.0.1:4199 until Ctrl-C")


def _demo(arguments: Namespace, terminal: Terminal) -> int:
    with connect(arguments) as client, _receiving(wanted=arguments.receive) as endpoints:
        if arguments.again or not _is_there(client, None, endpoints):
            _tell(terminal, arguments, client.demo(arguments.count, arguments.seed, endpoints=endpoints))
            if endpoints is None and not arguments.json:
                terminal.note(_NOBODY)
        elif endpoints is None or not _is_there(client, endpoints):
            raise FailedError("this project has a demo already; --again adds another month to it")
        else:
            terminal.note("The demo is there already, nothing was added; --again adds another month to it.")
        if endpoints is not None:
            terminal.note(f"The roaster's systems answer at {endpoints}; Ctrl-C ends them.")
            threading.Event().wait()
    return OK


def _is_there(client: Client, *endpoints: str | None) -> bool:
    """Whether a demo at one of these addresses made triggers here; a key that may not see triggers sees none."""
    from ensue.engine.demo_shop import RECEIVERS, address

    urls = {address(base, one.host, one.path) for base in endpoints for one in RECEIVERS}
    try:
        return any(one["endpoint"]["url"] in urls for one in client.triggers.list())
    except EnsueError as error:
        if error.code != "forbidden":
            raise
        return False


@contextmanager
def _receiving(*, wanted: bool) -> Iterator[str | None]:
    if not wanted:
        yield None
        return
    from ensue.cli.demo_receiver import PORT, receiving

    try:
        with receiving() as address:
            yield address
    except OSError as error:
        raise FailedError(f"127.0.0.1:{PORT} cannot be had: {error.strerror}.") from None


def _tell(terminal: Terminal, arguments: Namespace, told: dict[str, Any]) -> None:
    if arguments.json:
        terminal.json(told)
        return
    terminal.say(f"{told['events']:,} events, {told['deliveries']:,} deliveries, {len(told['triggers'])} triggers")
