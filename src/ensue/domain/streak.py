"""Hides when a trigger is given up: nothing has arrived for so many tries and so long (design section 8).

Tries that settle are counted, whatever delivery they were of: one that arrives ends the streak. Answers of buttons and
of receivers that converse are not heard, and 410 needs no streak.
"""

from typing import Final

from msgspec import Struct

from ensue.domain.schedule import DAY, HOUR

ENOUGH: Final = 100
AT_LEAST: Final = HOUR
"""So many failures in a row are enough, if they span so long (ms)."""

FEWEST: Final = 10
LONG_ENOUGH: Final = 5 * DAY
"""So long a time of nothing but failures is enough (ms) where they are so many at least: a trigger that fires rarely is
not given up for two bad moments a week apart."""

_ERROR: Final = 300


class Heard(Struct, frozen=True, gc=False):
    """What one try says of its trigger's receiver: whether something arrived `at` that moment (ms)."""

    trigger: str
    arrived: bool
    at: int


class Streak(Struct, frozen=True, gc=False):
    """Failures of a trigger in a row: how many, and when the first and the latest were (ms)."""

    trigger: str
    count: int
    since: int
    latest: int


def joined(streak: Streak | None, failures: Streak) -> Streak:
    """A streak that goes on with further failures."""
    if streak is None:
        return failures
    latest = max(streak.latest, failures.latest)
    return Streak(streak.trigger, streak.count + failures.count, min(streak.since, failures.since), latest)


def given_up(streak: Streak, error: str) -> str | None:
    """Why the trigger is switched off, with the latest `error`; None while it is not."""
    span = streak.latest - streak.since
    if not ((streak.count >= ENOUGH and span >= AT_LEAST) or (streak.count >= FEWEST and span >= LONG_ENOUGH)):
        return None
    return f"{streak.count} tries in a row failed over {_told(span)}; the last said: {error[:_ERROR]}"


def _told(span: int) -> str:
    if span >= 2 * DAY:
        return f"{span // DAY} days"
    return "an hour" if span < 2 * HOUR else f"{span // HOUR} hours"
