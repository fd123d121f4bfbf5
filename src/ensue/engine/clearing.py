"""Hides how a deleted project is cleared away: everything it held, in small steps, until nothing of it is left.

It is refused since the moment of its deletion. Its own document goes last, and not before a minute has passed without
anything found, so that what was under way at that moment, and a stop in between, leave nothing behind.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from ensue.domain import eventing, subscriber, subscriber_list, tenant
from ensue.domain.document import Put
from ensue.domain.invitation import INVITATION
from ensue.domain.member import MEMBERS
from ensue.domain.press import BUTTON
from ensue.domain.project import Project, project_of
from ensue.domain.push import WISHES
from ensue.domain.replay import REPLAY
from ensue.domain.schedule import DAY
from ensue.engine.clock import Clock
from ensue.engine.key_uses import USE
from ensue.engine.loop import Loop, rest
from ensue.engine.paging import every
from ensue.store.base import DeliveryQuery, EventQuery, Selection, Store

KINDS: Final = (
    "trigger",
    "key",
    USE,
    MEMBERS,
    INVITATION,
    WISHES,
    REPLAY,
    BUTTON,
    *sorted(eventing.KINDS),
    subscriber.KIND,
    subscriber_list.KIND,
    subscriber_list.MEMBER,
    subscriber_list.MEMBERSHIP,
    tenant.KIND,
)
"""The kinds of documents that are of a project; triggers first, so that nothing more is owed."""

QUIET: Final = 60_000
"""How long a project must have been deleted (ms) until its last trace goes."""

_ROWS: Final = 500
_PAGE: Final = 500


class Clearing:
    """Clears deleted projects away."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._woken = asyncio.Event()
        self._clearing = Loop("clearing", self._round)

    def start(self) -> None:
        """Begin, with what was left by a stop."""
        self._clearing.start()

    async def stop(self) -> None:
        """End after the step under way."""
        await self._clearing.stop()

    def wake(self) -> None:
        """A project was deleted."""
        self._woken.set()

    async def _round(self) -> None:
        self._woken.clear()
        left = [project for project in await self._doomed() if not await self.clear(project)]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), QUIET / 1000 if left else None)

    async def _doomed(self) -> Sequence[Project]:
        projects = map(project_of, await every(self._store, "project"))
        return [project for project in projects if project.deleted_at is not None]

    async def clear(self, project: Project) -> bool:
        """Remove what is there of a deleted project; whether nothing was, for a minute, and its last trace went."""
        was_empty = await self._is_empty(project.id)
        removed = await self._documents("trigger", project.id)
        await self._cancel(project.id)
        await self._prune(project.id)
        for kind in KINDS:
            removed += await self._documents(kind, project.id)
        if removed or not was_empty or self._clock() < (project.deleted_at or 0) + QUIET:
            return False
        document = await self._store.get("project", project.id, project.id)
        if document is not None:
            await self._store.put([Put(document=replace(document, body=b""), expected=document.revision)])
        return True

    async def _is_empty(self, project: str) -> bool:
        """Whether there is neither an event nor a delivery."""
        events, deliveries = EventQuery(project=project, limit=1), DeliveryQuery(project=project, limit=1)
        while True:
            page = await self._store.page(events)
            if page.items:
                return False
            if page.next is None:
                return not (await self._store.deliveries(deliveries)).items
            events = replace(events, before=page.next)

    async def _cancel(self, project: str) -> None:
        """Cancel all that is pending, scheduled events too. Readers look for it: the writer would look at all that
        others have pending for each step, and whoever sends would wait for that."""
        query: DeliveryQuery | None = DeliveryQuery(project=project, state="pending", limit=_PAGE)
        while query is not None:
            began = asyncio.get_running_loop().time()
            page = await self._store.deliveries(query)
            if page.items:
                selection = Selection(project=project, ids=[one.id for one in page.items])
                await self._store.cancel(selection, "project deleted", self._clock())
            query = None if page.next is None else replace(query, before=page.next)
            await rest(began)

    async def _prune(self, project: str) -> None:
        """Remove events, deliveries and attempts, however young they are."""
        going, after, before = True, None, self._clock() + DAY
        while going:
            began = asyncio.get_running_loop().time()
            after = (await self._store.prune(project, before, before, after, _ROWS)).next
            going = after is not None
            await rest(began)

    async def _documents(self, kind: str, project: str) -> int:
        removed = 0
        while documents := await self._store.list(kind, project, None, _PAGE):
            began = asyncio.get_running_loop().time()
            await self._store.put([Put(document=replace(document, body=b"")) for document in documents])
            for document in documents if kind == "trigger" else ():
                await self._store.forgive(document.id)
            removed += len(documents)
            await rest(began)
        return removed
