"""Hides how far what is derived from the log has come: search and counts are made after the commit, in steps."""

from msgspec import Struct


class Followed(Struct, frozen=True):
    """What came of one step: `done` events were taken in or let go, about `left` more are to be looked at."""

    done: int
    left: int
