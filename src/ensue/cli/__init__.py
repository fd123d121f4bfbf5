"""The command line: `serve`, `keys`, `backup` and `doctor` run here, the rest speaks through the client.

Hides nothing itself: `program.py` is the whole of it, and `docs/reference/cli.md` is made from its parser.
"""

from collections.abc import Sequence

from ensue.cli.program import run
from ensue.cli.terminal import standard_terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run `ensue` with these arguments (those of the process by default) and return its exit code."""
    return run(argv, standard_terminal())
