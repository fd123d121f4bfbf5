"""Hides how a memory store derives search and counts: anew whenever it is asked, so it is never behind."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ensue.domain.errors import EnsueError
from ensue.domain.tally import Tally, TallyQuery, bounded, delivery_key, event_key
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

    async def tallies(self, query: TallyQuery) -> Sequence[Tally]:
        """As `Store.tallies`."""
        await self.behind()
        counted = self._events() if query.of == "events" else self._deliveries()
        groups: Counter[tuple[Any, ...]] = Counter()
        for fields in counted:
            inside = (query.first is None or fields["hour"] >= query.first) and (
                query.end is None or fields["hour"] < query.end
            )
            if inside and fields["project"] == query.project and _fits(query, fields):
                groups[tuple(fields[name] for name in query.by)] += 1
        tallies = [Tally(count, **dict(zip(query.by, group, strict=True))) for group, count in groups.items()]
        return bounded(tallies, query.most)

    def _events(self) -> Iterator[dict[str, Any]]:
        names = ("project", "hour", "type", "category", "test", "muted")
        for event in self._state.log.values():
            yield _dated(dict(zip(names, event_key(event), strict=True)))

    def _deliveries(self) -> Iterator[dict[str, Any]]:
        names = ("project", "hour", "trigger", "result")
        for key in filter(None, map(delivery_key, self._state.deliveries.values())):
            yield _dated(dict(zip(names, key, strict=True)))

    async def derive_anew(self) -> None:
        """As `Store.derive_anew`."""
        await self.behind()


def _dated(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "day": fields["hour"] // 24}


def _fits(query: TallyQuery, fields: dict[str, Any]) -> bool:
    return query.test in (None, fields.get("test")) and query.muted in (None, fields.get("muted"))
