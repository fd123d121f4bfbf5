"""Hides how SQLite fulfils the protocol: which verb is the writer's and which a reader's."""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar, cast

from ensue.domain.delivery import Attempt, Delivery, State
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.streak import Streak
from ensue.domain.tally import Tally, TallyQuery
from ensue.domain.thread import Thread
from ensue.store.base import (
    Cancelled,
    Claims,
    Decision,
    DeliveryPage,
    DeliveryQuery,
    EventPage,
    EventQuery,
    Health,
    LaneDue,
    Plan,
    Pruned,
    Reading,
    Receipt,
    Selection,
    Verdict,
)
from ensue.store.derived import Followed
from ensue.store.past import Past, Stretch
from ensue.store.sqlite import debt_pages, debts, documents, log, pages, retention, streaks, tallies, threads, views
from ensue.store.sqlite.commit import Append, Settle
from ensue.store.sqlite.driver import PAGE, WRITER_CACHE, Execute, connect, require_safe_sqlite, translated
from ensue.store.sqlite.following import Following
from ensue.store.sqlite.past import past
from ensue.store.sqlite.place import Place
from ensue.store.sqlite.readers import Readers
from ensue.store.sqlite.turn import Turn
from ensue.store.sqlite.writer import WAL_CAP, Writer, look

T = TypeVar("T")

FORGET: Final = "DELETE FROM lost WHERE number <= ?"
"""What the views were told of need not be told again."""

POLL: Final = 0.25
"""How often it is looked whether another process has committed (seconds)."""

FEW_BYTES: Final = 256 * 1024 * 1024
SMALL_SHARE: Final = 0.05
"""Less free disk than this, in bytes or as a share, is a problem to speak of."""


class SqliteStore:
    """A store in one SQLite file. `address` is a data directory (the file is `ensue.db` in it), or a `.db` file."""

    def __init__(self, address: str) -> None:
        self._place = Place(address)
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._following: Following | None = None
        self._news: asyncio.Event = asyncio.Event()

    # life

    async def open(self, now: int) -> None:
        """As `Store.open`."""
        await asyncio.to_thread(self._take)
        try:
            await self._begin()
            await self._do(lambda turn: debts.void(turn, now))
            await self._views().begin()
        except BaseException:
            await self.close()
            raise

    async def open_beside(self) -> None:
        """Begin to read and write beside the server, if one runs: no lock is held and no claim is touched.

        Where no server runs, a missing or older schema is brought up to date. EnsueError `conflict` when it is older
        and a server does run.
        """
        await asyncio.to_thread(self._step_beside)
        try:
            await self._begin()
        except BaseException:
            await self.close()
            raise

    def _take(self) -> None:
        require_safe_sqlite()
        self._place.prepare()
        self._place.take()
        try:
            with translated():
                self._place.migrate()
        except BaseException:
            self._place.release()
            raise

    def _step_beside(self) -> None:
        require_safe_sqlite()
        self._place.prepare()
        with translated():
            if self._place.is_current():
                return
        if not self._place.try_take():
            raise EnsueError("conflict", "The running server uses an older schema; restart it with this release first.")
        try:
            with translated():
                self._place.migrate()
        finally:
            self._place.release()

    async def _begin(self) -> None:
        self._news = asyncio.Event()
        self._readers = readers = Readers(self._place.file, self._place.views)
        self._following = Following(self._place.file, self._place.views, readers.look_anew)
        writer = Writer(self._connect, asyncio.get_running_loop(), self._news.set)
        try:
            await writer.start()
        except BaseException:  # cancelled, too: its thread would wait for ever
            await writer.stop()
            raise
        self._writer = writer

    def _connect(self) -> Turn:
        return Turn(connect(self._place.file, cache=WRITER_CACHE))

    async def close(self) -> None:
        """As `Store.close`."""
        writer, self._writer = self._writer, None
        readers, self._readers = self._readers, None
        following, self._following = self._following, None
        if following is not None:
            await following.close()
        if writer is not None:
            await writer.stop()
        if readers is not None:
            await readers.close()
        self._place.release()

    async def wait(self, timeout: float) -> bool:
        """As `Store.wait`. Claims, renewals and pruning are no news."""
        ends = asyncio.get_running_loop().time() + timeout
        while not self._news.is_set():
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            try:
                await asyncio.wait_for(self._news.wait(), min(left, POLL))
            except TimeoutError:
                await self._do(look)
        self._news.clear()
        return True

    async def backup(self, path: str) -> None:
        """As `Store.backup`."""
        if self._readers is None:
            raise EnsueError("unavailable", "The store is closed.")
        await asyncio.to_thread(retention.backup, self._place.file, Path(path))

    async def prune(self, project: str, before: int, test_before: int, after: str | None, limit: int) -> Pruned:
        """As `Store.prune`."""
        terms = retention.Terms(project, before, test_before)
        return await self._do(lambda turn: retention.prune(turn, terms, after, limit))

    async def health(self, now: int) -> Health:
        """As `Store.health`."""
        problems: list[str] = []
        try:
            await self._do(partial(retention.touch, now=now))
        except EnsueError as error:
            problems.append(error.message)
        writable = not problems
        used = await asyncio.to_thread(self._look_at_disk, problems)
        writer = self._writer
        if writer is None:
            return Health(writable, problems, used)
        if writer.wal_pages > 2 * WAL_CAP:
            megabytes = writer.wal_pages * PAGE >> 20
            problems.append(
                f"The write-ahead log has grown to {megabytes} MB; a reader or backup holds it for too long."
            )
        return Health(writable, problems, used, writer.commits, writer.seconds, writer.rows)

    def _look_at_disk(self, problems: list[str]) -> int | None:
        file = self._place.file
        try:
            disk = shutil.disk_usage(file.parent)
            used = sum(one.stat().st_size for one in (file, Path(f"{file}-wal")) if one.exists())
        except OSError as error:
            problems.append(f"The data directory {file.parent} cannot be read: {error.strerror}.")
            return None
        if disk.free < FEW_BYTES or disk.free < disk.total * SMALL_SHARE:
            problems.append(
                f"The disk of {file.parent} has {disk.free >> 20} MB left; free some space or prune sooner."
            )
        return used

    async def _do(self, work: Callable[[Turn], T]) -> T:
        return cast("T", await self._busy().do(work))

    def _busy(self) -> Writer:
        if self._writer is None:
            raise EnsueError("unavailable", "The store is closed.")
        return self._writer

    async def _read(self, reading: Callable[[Execute], T]) -> T:
        if self._readers is None:
            raise EnsueError("unavailable", "The store is closed.")
        return await self._readers.do(reading)

    # views

    async def catch_up(self, limit: int) -> Followed:
        """As `Store.catch_up`."""
        followed, told = await self._views().step(limit)
        if told:
            await self._do(lambda turn: turn.execute(FORGET, (told,)))
        return followed

    async def behind(self) -> int:
        """As `Store.behind`."""
        return await self._views().behind()

    async def tallies(self, query: TallyQuery) -> Sequence[Tally]:
        """As `Store.tallies`."""
        return await self._read(lambda execute: tallies.tallies(execute, query))

    async def derive_anew(self) -> None:
        """As `Store.derive_anew`."""
        await self._views().anew()

    def _views(self) -> Following:
        if self._following is None:
            raise EnsueError("unavailable", "The store is closed.")
        return self._following

    # failures in a row

    async def streaks(self, triggers: Sequence[str]) -> Sequence[Streak]:
        """As `Streaks.streaks`."""
        return await self._read(lambda execute: streaks.streaks(execute, triggers))

    async def forgive(self, trigger: str) -> None:
        """As `Streaks.forgive`."""
        await self._do(lambda turn: streaks.end(turn, [trigger]))

    # log

    async def append(self, plan: Plan) -> Sequence[Receipt]:
        """As `Store.append`."""
        return cast("Sequence[Receipt]", await self._busy().do(Append(plan)))

    async def head(self) -> str:
        """As `Store.head`."""
        return await self._read(log.head)

    async def read(self, after: str | None, limit: int) -> Reading:
        """As `Store.read`."""
        return await self._read(lambda execute: log.read(execute, after, limit))

    async def events(self, project: str, ids: Sequence[str]) -> Sequence[Event]:
        """As `Store.events`."""
        return await self._read(lambda execute: log.events(execute, project, ids))

    async def page(self, query: EventQuery) -> EventPage:
        """As `Store.page`."""
        return await self._read(lambda execute: pages.events(execute, query))

    async def past(self, query: Past) -> Stretch:
        """As `Store.past`."""
        return await self._read(lambda execute: past(execute, query))

    async def threads(self, project: str, contexts: Sequence[str]) -> Mapping[str, Thread]:
        """As `Store.threads`."""
        return await self._read(lambda execute: threads.threads(execute, project, contexts))

    async def remove(self, project: str, event_id: str, now: int) -> bool:
        """As `Store.remove`."""
        return await self._do(lambda turn: log.remove(turn, project, event_id, now))

    # debts

    async def claim(self, rooms: Mapping[str, int], now: int, until: int) -> Claims:
        """As `Store.claim`."""
        return await self._do(lambda turn: debts.claim(turn, rooms, now, until))

    async def renew(self, claims: Sequence[tuple[str, int]], until: int) -> Sequence[str]:
        """As `Store.renew`."""
        return await self._do(lambda turn: debts.renew(turn, claims, until))

    async def settle(self, decision: Decision, patience: float = 0.0) -> Sequence[Verdict]:
        """As `Store.settle`."""
        return cast("Sequence[Verdict]", await self._busy().do(Settle(decision), patience))

    async def owe(self, deliveries: Sequence[Delivery], puts: Sequence[Put]) -> None:
        """As `Store.owe`."""
        await self._do(lambda turn: debts.owe(turn, deliveries, puts))

    async def due(self, lane: str, now: int, most: int) -> int:
        """As `Store.due`."""
        return await self._read(lambda execute: views.due(execute, lane, now, most))

    async def unarrived(self, replay: str) -> Mapping[State, int]:
        """As `Store.unarrived`."""
        return await self._read(lambda execute: views.unarrived(execute, replay))

    async def lanes(self, after: str | None, limit: int) -> Sequence[LaneDue]:
        """As `Store.lanes`."""
        return await self._read(lambda execute: views.lanes(execute, after, limit))

    async def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """As `Store.deliveries`."""
        return await self._read(lambda execute: debt_pages.deliveries(execute, query))

    async def delivery(self, project: str, delivery_id: str) -> Delivery | None:
        """As `Store.delivery`."""
        return await self._read(lambda execute: views.delivery(execute, project, delivery_id))

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """As `Store.attempts`."""
        return await self._read(lambda execute: views.attempts(execute, delivery_id))

    async def reschedule(self, selection: Selection, due_at: int, now: int, extra: int | None) -> Sequence[Delivery]:
        """As `Store.reschedule`; a bulk selection passes over those that are already as asked."""
        return await self._do(lambda turn: debts.reschedule(turn, selection, due_at, now, extra))

    async def cancel(self, selection: Selection, reason: str, now: int) -> Cancelled:
        """As `Store.cancel`."""
        return await self._do(lambda turn: debts.cancel(turn, selection, reason, now))

    # documents

    async def get(self, kind: str, project: str, document_id: str) -> Document | None:
        """As `Store.get`."""
        return await self._read(lambda execute: views.document(execute, kind, project, document_id))

    async def documents(self, kind: str, project: str, ids: Sequence[str]) -> Sequence[Document]:
        """As `Store.documents`."""
        return await self._read(lambda execute: views.documents(execute, kind, project, ids))

    async def find(self, kind: str, alias: str) -> Document | None:
        """As `Store.find`."""
        return await self._read(lambda execute: views.find(execute, kind, alias))

    async def list(
        self,
        kind: str,
        project: str | None,
        before: str | None,
        limit: int,
        *,
        after: str | None = None,
        upwards: bool = False,
    ) -> Sequence[Document]:
        """As `Store.list`."""
        span = views.Span(kind, project, after, before)
        return await self._read(lambda execute: views.listed(execute, span, limit, upwards=upwards))

    async def count(self, kind: str, project: str, after: str | None, before: str | None, most: int) -> int:
        """As `Store.count`."""
        span = views.Span(kind, project, after, before)
        return await self._read(lambda execute: views.counted(execute, span, most))

    async def put(self, puts: Sequence[Put]) -> Sequence[Document]:
        """As `Store.put`."""
        return await self._do(lambda turn: documents.put(turn, puts))

    async def changes(self, revision: int) -> Sequence[Document]:
        """As `Store.changes`."""
        return await self._read(lambda execute: views.changes(execute, revision))
