"""Hides what an exit code means; scripts lean on it, and docs/reference/cli.md tells it from here."""

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130
READER_GONE: Final = 141

MEANINGS: Final = {
    OK: "Done.",
    FAILED: "It failed here, or `doctor` found a problem, or a test did not arrive.",
    USAGE: "Wrong arguments or settings; nothing was done.",
    UNREACHABLE: "The server does not answer.",
    REFUSED: "The server refused; the message says why.",
    INTERRUPTED: "Stopped with Ctrl-C.",
    READER_GONE: "Whoever read the output went away, as `head` does.",
}
"""Each code and what it tells."""


class UsageError(Exception):
    """Wrong arguments that the parser could not see; the message names the way out."""


class FailedError(Exception):
    """What was asked for did not work, here; the message names the way out."""
