"""Hides the one writer: a thread that takes all that waits into one transaction, so that many share one sync."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

import apsw

from ensue.domain.errors import EnsueError
from ensue.store.sqlite.commit import Commit, Planned
from ensue.store.sqlite.driver import BUSY, LASTING, PAGE, translate
from ensue.store.sqlite.turn import Turn

WAL_IDLE: Final = 4 * 1024 * 1024 // PAGE
WAL_BUSY: Final = 32 * 1024 * 1024 // PAGE
WAL_CAP: Final = 256 * 1024 * 1024 // PAGE
"""Pages in the log from which it is copied back: when nothing waits, in any case, and waiting for readers to let go."""

WAL_PATIENCE: Final = 100
"""How long such a wait may be (ms); after one in vain the next is tried when the log has grown by `WAL_BUSY` again."""

JOINS: Final = 0.003
"""A job with patience goes with a commit that begins when it has waited for so many seconds: more of them are one."""

Work = Callable[[Turn], Any] | Planned


def look(turn: Turn) -> None:
    """The work that only looks whether another process has committed; alone, it needs no transaction."""
    turn.look()


class Job:
    """Something to do in the writer's turn, and who waits for it."""

    __slots__ = ("answer", "failed", "future", "loop", "since", "work")

    def __init__(self, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.since = time.monotonic()
        self.future: asyncio.Future[Any] = loop.create_future()
        self.answer: Any = None
        self.failed: BaseException | None = None

    def resolve(self) -> None:
        """Tell who waits; in the loop's thread."""
        if self.future.done():
            return
        if self.failed is not None:
            self.future.set_exception(self.failed)
        else:
            self.future.set_result(self.answer)


class Writer:
    """The writer thread. `connect` is called in it, `on_news` in the loop's after a commit that others want to see.

    `commits`, `seconds` and `rows` count what was committed.
    """

    def __init__(
        self, connect: Callable[[], Turn], loop: asyncio.AbstractEventLoop, on_news: Callable[[], None]
    ) -> None:
        self.commits, self.seconds, self.rows, self.wal_pages = 0, 0.0, 0, 0
        self._connect, self._loop, self._on_news = connect, loop, on_news
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._patient: deque[Job] = deque()
        self._closing = False
        self._copied, self._next_restart = 0, WAL_CAP
        self._thread = threading.Thread(target=self._run, name="ensue-writer", daemon=True)

    async def start(self) -> None:
        """Begin; raises what connecting raised."""
        started = Job(look, self._loop)
        self._queue.put(started)
        self._thread.start()
        await started.future

    async def do(self, work: Work, patience: float = 0.0) -> Any:
        """Have `work` done in the next commit; its answer, once that is on disk. With `patience` it begins none of its
        own for so many seconds."""
        if self._closing:
            raise EnsueError("unavailable", "The store is closed.")
        job = Job(work, self._loop)
        if not patience:
            self._queue.put(job)
            return await job.future
        self._patient.append(job)
        timer = self._loop.call_later(patience, self._lose_patience, job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def _lose_patience(self, job: Job) -> None:
        if self._closing:
            return  # the last commit takes it along; behind the word that there is no more nobody would look
        with suppress(ValueError):  # it is being done
            self._patient.remove(job)
            self._queue.put(job)

    async def stop(self) -> None:
        """Finish what waits and end the thread."""
        self._closing = True
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _run(self) -> None:
        try:
            turn = self._connect()
        except BaseException as error:  # noqa: BLE001 - whoever starts the writer hears of it
            job = self._queue.get()
            assert job is not None  # noqa: S101 - `start` puts one before it starts the thread
            job.failed = translate(error) if isinstance(error, apsw.Error) else error
            self._tell([job], news=False)
            return
        turn.connection.set_wal_hook(self._note_wal)
        going = True
        while going:
            jobs, going = self._gather()
            if jobs:
                self._commit(turn, jobs)
                self._checkpoint(turn)
        turn.connection.set_wal_hook(None)
        turn.connection.close()

    def _note_wal(self, connection: apsw.Connection, database: str, pages: int) -> int:  # noqa: ARG002 - SQLite's form
        self.wal_pages = pages
        return apsw.SQLITE_OK

    def _gather(self) -> tuple[list[Job], bool]:
        """All jobs that wait, at least one; and whether to go on after them."""
        jobs: list[Job] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs + self._joining(time.monotonic() - JOINS), True
        return jobs + self._joining(time.monotonic()), False

    def _joining(self, before: float) -> list[Job]:
        """Jobs with patience that came before then: each is taken out once, here or by `_lose_patience`."""
        jobs: list[Job] = []
        with suppress(IndexError):  # the last one lost its patience meanwhile
            while self._patient[0].since <= before:
                jobs.append(self._patient.popleft())
        return jobs

    def _commit(self, turn: Turn, jobs: list[Job]) -> None:
        """One transaction for all; when a job breaks it half-way, one for each."""
        begun = time.perf_counter()
        turn.news = False
        try:
            if all(job.work is look for job in jobs):
                turn.look()
            else:
                self._transaction(turn, jobs)
                self.commits += 1
                self.rows += turn.rows
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            self._fail(turn, jobs, error)
            if len(jobs) > 1 and not isinstance(error, LASTING):
                for job in jobs:
                    self._commit(turn, [job])
                return
        self.seconds += time.perf_counter() - begun
        foreign = turn.foreign()
        self._tell(jobs, news=turn.news or foreign)

    def _transaction(self, turn: Turn, jobs: list[Job]) -> None:
        turn.begin()
        planned = []
        for job in jobs:
            job.answer = job.failed = None
            if isinstance(job.work, Planned):
                planned.append(job)
                continue
            try:
                job.answer = job.work(turn)
            except EnsueError as error:  # said before anything was written
                job.failed = error
        if planned:
            self._plan(turn, planned)
        turn.execute("COMMIT")

    def _plan(self, turn: Turn, jobs: list[Job]) -> None:
        works: list[Planned] = []
        for job in jobs:
            assert isinstance(job.work, Planned)  # noqa: S101 - the caller looked
            try:
                job.work.run(turn.changes, turn.change)
            except Exception as error:  # noqa: BLE001 - it goes to whoever gave the plan
                job.failed = error
            else:
                works.append(job.work)
        Commit(turn).write(works)
        for job in jobs:
            if job.failed is None and isinstance(job.work, Planned):
                job.answer = job.work.answer

    def _fail(self, turn: Turn, jobs: Sequence[Job], error: Exception) -> None:
        for job in jobs:
            if job.failed is None:
                job.failed = translate(error) if isinstance(error, apsw.Error) else error
        try:
            turn.rollback()
        except apsw.Error as worse:
            for job in jobs:
                job.failed = translate(worse)

    def _tell(self, jobs: list[Job], *, news: bool) -> None:
        def resolve() -> None:
            if news:
                self._on_news()
            for job in jobs:
                job.resolve()

        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(resolve)

    def _checkpoint(self, turn: Turn) -> None:
        """Copy the log back into the file, in the writer's own turn: nobody else does."""
        if self.wal_pages < self._copied:  # it began anew
            self._copied, self._next_restart = 0, WAL_CAP
        waiting = self.wal_pages - self._copied
        if waiting < WAL_IDLE or (waiting < WAL_BUSY and not self._queue.empty()):
            return
        try:
            if self.wal_pages >= self._next_restart:
                self._next_restart = self.wal_pages + WAL_BUSY
                turn.connection.set_busy_timeout(WAL_PATIENCE)
                turn.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                self.wal_pages = 0
            else:
                turn.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._copied = self.wal_pages
        except apsw.Error:
            return  # the next turn tries again; what is committed stands in the log meanwhile
        finally:
            turn.connection.set_busy_timeout(BUSY)
