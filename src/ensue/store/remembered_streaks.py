"""Hides how a memory store counts failures in a row."""

from collections.abc import Sequence

from ensue.domain.streak import Heard, Streak, joined
from ensue.store.remembered import State


class RememberedStreaks:
    """The verbs of failures in a row, on what a memory store keeps."""

    _state: State

    async def streaks(self, triggers: Sequence[str]) -> Sequence[Streak]:
        """As `Streaks.streaks`."""
        return [self._state.streaks[one] for one in dict.fromkeys(triggers) if one in self._state.streaks]

    async def forgive(self, trigger: str) -> None:
        """As `Streaks.forgive`."""
        self._state.streaks.pop(trigger, None)

    def _hear(self, heard: Heard | None) -> None:
        """Count what an outcome says."""
        if heard is None:
            return
        if heard.arrived:
            self._state.streaks.pop(heard.trigger, None)
        else:
            failed = Streak(heard.trigger, 1, heard.at, heard.at)
            self._state.streaks[heard.trigger] = joined(self._state.streaks.get(heard.trigger), failed)
