"""Hides how an event is asked about: sent, tried at once, and the first answer waited for, for as long as patience.

Whoever asks may go away: what was asked goes on. An event that is due within the patience is waited for, since the
clock of a client that means "now" may be some milliseconds ahead of ours.
"""

import asyncio
import contextlib
from typing import Final

from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.intake import Intake
from ensue.engine.awaited import Awaited, anybody_answers, nobody_answers
from ensue.engine.clock import Clock
from ensue.engine.ingest import Ingest
from ensue.engine.rules import Rules
from ensue.engine.worker import Worker
from ensue.store.base import Receipt

_STOPPING: Final = "The server is stopping; the event is stored, but its answer will not be heard."


class Asking:
    """All questions that are open."""

    def __init__(self, ingest: Ingest, worker: Worker, rules: Rules, clock: Clock) -> None:
        self._ingest = ingest
        self._worker = worker
        self._rules = rules
        self._clock = clock
        self._asked: set[asyncio.Task[Raw]] = set()
        self._open: set[Awaited] = set()
        self._turned = asyncio.Event()
        self._stopping = False

    async def ask(self, intake: Intake, patience: float) -> Raw:
        """As `Engine.ask`."""
        task = asyncio.get_running_loop().create_task(self._ask(intake, patience))
        self._asked.add(task)
        task.add_done_callback(self._answered)
        return await asyncio.shield(task)

    def _answered(self, task: asyncio.Task[Raw]) -> None:
        self._asked.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone

    def wake(self) -> None:
        """Time was turned."""
        self._turned.set()

    def begin_stop(self) -> None:
        """What is not due yet is stored as scheduled now; answers are still heard."""
        self._stopping = True
        self._turned.set()

    async def stop(self) -> None:
        """Nobody is asked any more."""
        self.begin_stop()
        for awaited in self._open:
            awaited.give_up(EnsueError("unavailable", _STOPPING))
        if self._asked:
            await asyncio.wait(self._asked)

    async def _ask(self, intake: Intake, patience: float) -> Raw:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        if intake.due_at is not None:
            self._refuse_unheard(intake.event)
            if intake.due_at - self._clock() > patience * 1000:
                return await self._in_vain(intake, deadline)
            await self._until(loop.time() + (intake.due_at - self._clock()) / 1000, intake.due_at)
            if self._stopping:
                return await self._in_vain(intake, deadline)
        return await self._at_once(replace(intake, due_at=None), deadline)

    async def _at_once(self, intake: Intake, deadline: float) -> Raw:
        awaited = Awaited()
        self._open.add(awaited)
        try:
            async with asyncio.timeout_at(deadline):  # of the commit too: a disk may hang
                _refuse_repeat(await self._ingest.submit_asked(intake, awaited))
                found = await awaited.over()
        except TimeoutError:
            raise _late(intake.event) from None
        finally:
            awaited.give_up(_late(intake.event))
            self._open.discard(awaited)
            self._worker.unwatch(awaited)
        if found is None:
            message = f"The event {intake.event.id} was sent, but nobody answered it with a response."
            raise EnsueError("timeout", message)
        return found

    async def _in_vain(self, intake: Intake, deadline: float) -> Raw:
        """It is due too late for an answer to be heard: stored, and waited for all the same."""
        try:
            async with asyncio.timeout_at(deadline):
                _refuse_repeat(await self._ingest.submit(intake))
        except TimeoutError:
            raise _late(intake.event) from None
        await self._until(deadline)
        raise EnsueError("unavailable", _STOPPING) if self._stopping else _late(intake.event)

    async def _until(self, deadline: float, due_at: int | None = None) -> None:
        """Return at `deadline` of the loop, when it is `due_at` by our clock, or at a stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while not self._stopping and (due_at is None or self._clock() < due_at):
                    self._turned.clear()
                    await self._turned.wait()

    def _refuse_unheard(self, event: Event) -> None:
        """Refuse at once what no trigger of now would answer, filters aside: these are asked when it is due."""
        index = self._rules.index(event.project)
        if index is None or not anybody_answers(index.matching(event, lambda _trigger, _event: True)):
            raise nobody_answers()


def _refuse_repeat(receipt: Receipt) -> None:
    if receipt.status != "stored":
        message = f"This was said before, by the event {receipt.event_id}; nothing was sent, so nobody answers."
        raise EnsueError("conflict", message)


def _late(event: Event) -> EnsueError:
    return EnsueError("timeout", f"Nobody has answered the event {event.id} in time; what was sent goes on.")
