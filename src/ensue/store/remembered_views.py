"""Hides how a memory store derives search and counts: anew whenever it is asked, so it is never behind."""

from ensue.domain.errors import EnsueError
from ensue.store.derived import Followed
from ensue.store.remembered import State


class RememberedViews:
    """The verbs of the views, on what a memory store keeps."""

    _state: State
    _open: bool

    async def catch_up(self, limit: int) -> Followed:  # noqa: ARG002 - there is nothing to catch up with
        """As `Store.catch_up`."""
        return Followed(0, await self.behind())

    async def behind(self) -> int:
        """As `Store.behind`."""
        if not self._open:
            raise EnsueError("unavailable", "The store is closed.")
        return 0

    async def derive_anew(self) -> None:
        """As `Store.derive_anew`."""
        await self.behind()
