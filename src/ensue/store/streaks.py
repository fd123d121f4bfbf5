"""Hides how failures in a row are kept: counts that outcomes change in their own commit, without a revision."""

from collections.abc import Sequence
from typing import Protocol

from ensue.domain.streak import Streak


class Streaks(Protocol):
    """The verbs of failures in a row; part of `Store`."""

    async def streaks(self, triggers: Sequence[str]) -> Sequence[Streak]:
        """How many tries in a row failed, of those of `triggers` whose last one did; in no order.

        `settle` counts what an accepted outcome has `heard`, in the outcomes' order and in its own commit.
        """

    async def forgive(self, trigger: str) -> None:
        """Begin to count anew."""
