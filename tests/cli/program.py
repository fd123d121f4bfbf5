"""Hides how a command is run in a test: in this process, against a scripted server, with everything it said."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from ensue.cli.program import run
from ensue.cli.terminal import Terminal
from tests.answering import Answering, Say, answering

SHOWN_URL = "http://127.0.0.1:4122"


@dataclass(frozen=True)
class Ran:
    """What came of a command. The address of the scripted server stands in it as `SHOWN_URL`."""

    code: int
    out: str
    err: str
    server: Answering = field(compare=False, default_factory=lambda: Answering([]))


def run_here(argv: Sequence[str], *, width: int | None = 80, colour: bool = False) -> Ran:
    """Run a command that needs no server; in a terminal of 80 columns, or a pipe (`width` None)."""
    out, err = io.StringIO(), io.StringIO()
    code = run(argv, Terminal(out, err, width=width, colour=colour))
    return Ran(code, out.getvalue(), err.getvalue())


def run_against(argv: Sequence[str], answers: Sequence[Say], *, width: int | None = 80, colour: bool = False) -> Ran:
    """Run a command that speaks to a server, which says `answers`."""
    with answering(*answers) as server:
        ran = run_here([*argv, "--url", server.url, "--key", "ens_test"], width=width, colour=colour)
    out, err = ran.out.replace(server.url, SHOWN_URL), ran.err.replace(server.url, SHOWN_URL)
    return Ran(ran.code, out, err, server)
