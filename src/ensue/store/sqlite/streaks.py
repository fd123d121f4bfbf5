"""Hides how failures in a row are kept in rows: added to where they are, so that whatever arrives costs nothing.

The writer remembers which triggers have a streak. An outcome that arrived looks there, and only then is a row removed.
"""

from collections.abc import Sequence
from typing import Final

from ensue.domain.streak import Heard, Streak, joined
from ensue.store.sqlite.driver import Execute, strings
from ensue.store.sqlite.turn import Turn

ADD: Final = (
    "INSERT INTO failing VALUES (?, ?, ?, ?) ON CONFLICT (trigger) DO UPDATE SET count = count + excluded.count, "
    "since = min(since, excluded.since), latest = max(latest, excluded.latest)"
)
END: Final = "DELETE FROM failing WHERE trigger IN (SELECT value FROM carray(?))"
READ: Final = "SELECT f.* FROM carray(?) w CROSS JOIN failing f ON f.trigger = w.value"


class Hearing:
    """What one transaction hears, in order."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._ended: set[str] = set()
        self._failed: dict[str, Streak] = {}

    def hear(self, heard: Heard) -> None:
        """Note what an accepted outcome says."""
        trigger = heard.trigger
        if not heard.arrived:
            self._failed[trigger] = joined(self._failed.get(trigger), Streak(trigger, 1, heard.at, heard.at))
            return
        self._failed.pop(trigger, None)
        if trigger in self._turn.failing:
            self._ended.add(trigger)

    def flush(self) -> None:
        """Write it."""
        if self._ended:
            end(self._turn, sorted(self._ended))
        for one in self._failed.values():
            self._turn.execute(ADD, (one.trigger, one.count, one.since, one.latest))
        self._turn.failing |= self._failed.keys()


def end(turn: Turn, triggers: Sequence[str]) -> None:
    """Count anew for these, at least one."""
    turn.execute(END, (strings(triggers),))
    turn.failing -= set(triggers)


def streaks(execute: Execute, triggers: Sequence[str]) -> Sequence[Streak]:
    """The streaks of those that have one."""
    wanted = dict.fromkeys(triggers)
    return [Streak(*row) for row in execute(READ, (strings(wanted),))] if wanted else []
