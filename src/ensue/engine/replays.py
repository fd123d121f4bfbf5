"""Hides how replays go on: step after step, each one commit of its deliveries and of how far it is, until the end.

A step's commit expects the document's revision, so that an event is owed once, whatever dies or is cancelled meanwhile.
What a step makes stands in lanes of its own (`domain/replay.py`); the next one is made when those are nearly empty, so
that fresh events wait neither for the writer nor behind a backlog.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from ensue.domain import ids
from ensue.domain.delivery import State
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.replay import (
    PREFIX,
    REPLAY,
    Replay,
    Wanted,
    chosen,
    ended,
    fresh_lane,
    missing,
    owed_again,
    pattern_of,
    replay_document,
    replay_of,
    stepped,
)
from ensue.domain.trigger import Trigger
from ensue.engine.clock import Clock
from ensue.engine.loop import Loop
from ensue.engine.paging import every
from ensue.engine.rules import Rules
from ensue.engine.sieve import Sieve
from ensue.engine.worker import Worker
from ensue.store.base import STEP, DeliveryQuery, Selection, Store
from ensue.store.past import Past, Stretch

_log = logging.getLogger("ensue.engine")

MOST: Final = 50
"""Rows in one step: its commit is short, so that fresh events hardly wait for it."""
CROWDED: Final = 50
"""So many deliveries of a replay lane that are due and untouched are enough: the next step waits."""
PACE: Final = 500
"""So many deliveries are made in a second, by all replays together: a claim, a request and an outcome each, which fresh
events have to share the process with."""
COUNTING: Final = 1.0
DRY_COUNTING: Final = 10.0
"""Seconds for counting before a replay begins, and for a dry run."""
MOST_RUNNING: Final = 20
"""Replays of one project that may run at once."""
_COUNTED: Final = 1_000
_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.25
"""Seconds between two looks at whether there is room, and at most between two steps for how long one took."""
GIVES_WAY: Final = 10
LONGEST_WAY: Final = 1.0
"""A pause is so many times as long as the process was late for the end of the one before, up to so many seconds: who is
late has more to do than it can, and fresh events come first."""
_NOTED: Final = 1.0
"""A replay that finds nothing says how far it is after so many seconds."""
_TRIES: Final = 50


def pause_after(spent: float, made: int, late: float) -> float:
    """Seconds between a step that took `spent` and made so many deliveries and the next one, in a process that was
    `late` for the last one."""
    return max(min(spent, _LONGEST_PAUSE), made / PACE - spent, min(GIVES_WAY * late, LONGEST_WAY))


class Counted(Struct, frozen=True):
    """How many deliveries a replay would make; `exact` is False when time was up first, and there are more.

    `end` is where the past ended, `filter_error` what a filter complained of.
    """

    count: int
    exact: bool
    end: str
    filter_error: str | None


class Standing(Struct, frozen=True):
    """A replay, and how the deliveries stand that it made."""

    replay: Replay
    states: Mapping[State, int]


class _Run:
    """A replay that goes on, as its document was at `revision`; `after` may be further, where nothing was found."""

    def __init__(self, document: Document, sieve: Sieve) -> None:
        self.replay = replay_of(document)
        self.revision = document.revision
        self.sieve = sieve
        self.lanes: set[str] = set()
        self.noted = 0.0


class Replays:
    """The replays of all projects. Projects are given by id; another's ids are `not_found`."""

    def __init__(self, store: Store, rules: Rules, worker: Worker, clock: Clock, max_filter_event_bytes: int) -> None:
        self._store = store
        self._rules = rules
        self._worker = worker
        self._clock = clock
        self._max_filter_event_bytes = max_filter_event_bytes
        self._running: dict[str, _Run] = {}
        self._beginning: Counter[str] = Counter()
        self._counting = asyncio.Lock()  # however many ask, they take turns: one thread counts
        self._news = asyncio.Event()
        self._late = 0.0
        self._stepping = Loop("replays", self._round)

    async def start(self) -> None:
        """Go on with what ran when the server stopped. The rules are known."""
        for document in await every(self._store, REPLAY):
            self._go_on(document)
        self._stepping.start()

    async def stop(self) -> None:
        """End after the commit under way; the rest is for whoever serves next."""
        await self._stepping.stop()

    # by hand

    async def count(self, project: str, wanted: Wanted, patience: float = DRY_COUNTING) -> Counted:
        """How many deliveries there would be, counted for at most `patience` seconds. EnsueError `not_found` for a
        trigger that is not there, `invalid` for a filter that is too slow."""
        await self._require_triggers(project, wanted)
        sieve = Sieve(self._max_filter_event_bytes)
        count, after, end = 0, None, None
        ends = asyncio.get_running_loop().time() + patience
        while True:
            async with self._counting:
                stretch = await self._store.past(self._past(project, wanted, after, end, _COUNTED))
                count += len(await self._choose(stretch, project, wanted, sieve))
            after, end = stretch.next, stretch.end
            late = asyncio.get_running_loop().time() > ends
            if after is None or late:
                return Counted(count, after is None, end, sieve.error)

    async def begin(self, project: str, wanted: Wanted) -> Replay:
        """Begin a replay of what there is now. EnsueError as for `count`, `conflict` where too many run."""
        running = sum(run.replay.project == project for run in self._running.values())
        if running + self._beginning[project] >= MOST_RUNNING:
            message = f"This project has {MOST_RUNNING} replays that run; wait for one to end, or cancel one."
            raise EnsueError("conflict", message)
        self._beginning[project] += 1  # others may ask while we count
        try:
            return await self._begun(project, wanted)
        finally:
            self._beginning -= Counter({project: 1})

    async def _begun(self, project: str, wanted: Wanted) -> Replay:
        counted = await self.count(project, wanted, COUNTING)
        now = self._clock()
        replay = Replay(
            id=ids.prefixed_id(PREFIX, now),
            project=project,
            wanted=wanted,
            created_at=now,
            end=counted.end,
            count=counted.count if counted.exact else None,
            filter_error=counted.filter_error,
        )
        (document,) = await self._store.put([Put(document=replay_document(replay), expected=0)])
        self._go_on(document)
        return replay

    async def get(self, project: str, replay_id: str) -> Standing:
        """A replay and how its deliveries stand. EnsueError `not_found`."""
        return await self._standing(replay_of(await self._document(project, replay_id)))

    async def list(self, project: str, before: str | None, limit: int) -> Sequence[Standing]:
        """Replays, newest first, with ids below `before`."""
        documents = await self._store.list(REPLAY, project, before, limit)
        return [await self._standing(replay_of(document)) for document in documents]

    async def cancel(self, project: str, replay_id: str, *, deliveries: bool) -> Standing:
        """Make nothing more; with `deliveries` also stop what it made and what did not arrive yet.

        EnsueError `not_found`, `conflict` when it has ended and no deliveries are meant.
        """
        replay = await self._cancelled(project, replay_id, deliveries)
        going = deliveries
        while going:
            selection = Selection(project=project, replay=replay_id)
            going = (await self._store.cancel(selection, "replay cancelled", self._clock())).count >= STEP
        return await self._standing(replay)

    async def _cancelled(self, project: str, replay_id: str, deliveries: bool) -> Replay:  # noqa: FBT001 - as above
        for _ in range(_TRIES):
            document = await self._document(project, replay_id)
            replay = replay_of(document)
            if replay.state != "running":
                if deliveries:
                    return replay
                raise EnsueError("conflict", f"This replay is {replay.state}; there is nothing to stop.")
            replay = ended(replay, "cancelled", self._clock())
            if await self._kept(replay, document.revision):
                self._running.pop(replay_id, None)
                return replay
        raise EnsueError("conflict", "This replay is being changed by others; try again.")

    async def _kept(self, replay: Replay, revision: int) -> bool:
        try:
            await self._store.put([Put(document=replay_document(replay), expected=revision)])
        except EnsueError as error:
            if error.code != "conflict":
                raise
            return False
        return True

    async def _document(self, project: str, replay_id: str) -> Document:
        document = await self._store.get(REPLAY, project, replay_id)
        if document is None:
            raise EnsueError("not_found", f"There is no replay {replay_id[:80]!r} in this project.")
        return document

    async def _standing(self, replay: Replay) -> Standing:
        unarrived = dict(await self._store.unarrived(replay.id))
        return Standing(replay, {"delivered": max(0, replay.made - sum(unarrived.values())), **unarrived})

    async def _require_triggers(self, project: str, wanted: Wanted) -> None:
        """A trigger that was deleted may be named where its deliveries are meant for another one."""
        for trigger_id, field in ((wanted.to, "to"), (wanted.trigger, "trigger")):
            if trigger_id is None or self._trigger(project, trigger_id) is not None:
                continue
            if field == "trigger" and wanted.state is not None and wanted.to is not None:
                query = DeliveryQuery(project=project, trigger=trigger_id, limit=1)
                if (await self._store.deliveries(query)).items:
                    continue
            raise EnsueError("not_found", f"There is no trigger {trigger_id[:80]!r} in this project.", field)

    def _trigger(self, project: str, trigger_id: str | None) -> Trigger | None:
        trigger = self._rules.trigger(trigger_id)
        return trigger if trigger is not None and trigger.project == project else None

    # step after step

    def _go_on(self, document: Document) -> None:
        if replay_of(document).state == "running":
            self._running[document.id] = _Run(document, Sieve(self._max_filter_event_bytes))
            self._news.set()

    async def _round(self) -> None:
        """A step of each replay that has room for one."""
        self._news.clear()
        if not self._running:
            await self._news.wait()
        began = asyncio.get_running_loop().time()
        runs = list(self._running.values())
        before = sum(run.replay.made for run in runs)
        went_on = [await self._try(run) for run in runs]
        spent = asyncio.get_running_loop().time() - began
        made = sum(run.replay.made for run in runs) - before
        await self._rest(pause_after(spent, made, self._late) if any(went_on) else _PAUSE)

    async def _rest(self, pause: float) -> None:
        """Sleep, and note how late it was when that was over."""
        ends = asyncio.get_running_loop().time() + pause
        await asyncio.sleep(pause)
        self._late = asyncio.get_running_loop().time() - ends

    async def _try(self, run: _Run) -> bool:
        """Whether it made a step. What is wrong with one replay costs the others nothing."""
        try:
            if await self._is_crowded(run):
                return False
            await self._step(run)
        except EnsueError as error:
            if error.code == "unavailable":
                raise
            await (self._reload(run) if error.code == "conflict" else self._fail(run, error.message))
        except Exception as error:  # noqa: BLE001 - logged with its stack
            _log.exception("the replay %s cannot go on", run.replay.id)
            await self._fail(run, f"internal: {error!r}"[:300])
        return True

    async def _is_crowded(self, run: _Run) -> bool:
        """Whether enough waits in a lane that its last step filled. What waits for a disabled trigger is not counted:
        it waits as fresh deliveries do."""
        for lane in run.lanes:
            trigger = self._rules.trigger(fresh_lane(lane))
            enabled = trigger is not None and trigger.enabled
            if enabled and await self._store.due(lane, self._clock(), CROWDED) >= CROWDED:
                return True
        return False

    async def _step(self, run: _Run) -> None:
        replay = run.replay
        gone = missing(replay.wanted, lambda one: self._trigger(replay.project, one))
        if gone is not None:
            await self._fail(run, f"The trigger {gone!r} was deleted.")
            return
        query = self._past(replay.project, replay.wanted, replay.after, replay.end, MOST)
        stretch = await self._store.past(query)
        found = await self._choose(stretch, replay.project, replay.wanted, run.sieve)
        now = self._clock()
        made = [owed_again(replay, event, trigger, now) for event, trigger in found]
        further = stepped(replay, stretch.next, len(made), run.sieve.error, now)
        moment = asyncio.get_running_loop().time()
        if made or further.state != "running" or moment - run.noted > _NOTED:
            await self._store.owe(made, [Put(document=replay_document(further), expected=run.revision)])
            run.revision += 1
            run.noted = moment
        run.replay = further
        if made:
            run.lanes = {one.lane for one in made}
            self._worker.note(dict.fromkeys(run.lanes, now))
        if further.state != "running":
            self._forget(run)

    def _past(self, project: str, wanted: Wanted, after: str | None, end: str | None, limit: int) -> Past:
        return Past(
            project=project,
            state=wanted.state,
            trigger=None if wanted.state is None else wanted.trigger,
            type=pattern_of(wanted, lambda one: self._trigger(project, one)),
            since=wanted.since,
            until=wanted.until,
            ended_since=wanted.ended_since,
            ended_until=wanted.ended_until,
            after=after,
            end=end,
            limit=limit,
        )

    async def _choose(
        self, stretch: Stretch, project: str, wanted: Wanted, sieve: Sieve
    ) -> Sequence[tuple[Event, Trigger]]:
        """In a thread: filters take their time, and nobody else's."""
        return await asyncio.to_thread(
            lambda: list(chosen(stretch.found, wanted, lambda one: self._trigger(project, one), sieve))
        )

    async def _fail(self, run: _Run, reason: str) -> None:
        if not await self._kept(ended(run.replay, "failed", self._clock(), reason), run.revision):
            await self._reload(run)
        else:
            self._forget(run)

    async def _reload(self, run: _Run) -> None:
        """Somebody changed it, or what counted as failed was kept after all: as it is now."""
        document = await self._store.get(REPLAY, run.replay.project, run.replay.id)
        self._forget(run)
        if document is not None:
            self._go_on(document)

    def _forget(self, run: _Run) -> None:
        if self._running.get(run.replay.id) is run:
            del self._running[run.replay.id]
