"""Hides how reading is kept off the writer and off the event loop: a few threads, each with its own connection."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import apsw

from ensue.domain.errors import EnsueError
from ensue.store.sqlite.driver import Execute, connect, translated

THREADS: Final = 2

T = TypeVar("T")


class Readers:
    """A small pool of readers of `file`, with `views` beside it; every reading sees one committed state."""

    def __init__(self, file: Path, views: Path) -> None:
        self._file, self._views = file, views
        self._here = threading.local()
        self._connections: list[apsw.Connection] = []
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(THREADS, thread_name_prefix="ensue-reader")

    async def do(self, reading: Callable[[Execute], T]) -> T:
        """What `reading` returns, from one snapshot."""
        if self._pool is None:
            raise EnsueError("unavailable", "The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, reading)

    def _read(self, reading: Callable[[Execute], T]) -> T:
        with translated():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return reading(connection.execute)
            finally:
                connection.execute("COMMIT")

    def _connection(self) -> apsw.Connection:
        found: apsw.Connection | None = getattr(self._here, "connection", None)
        if found is None:
            found = self._here.connection = connect(self._file, readonly=True)
            with suppress(apsw.Error):  # search says so; whatever else is read needs no views
                found.execute("ATTACH ? AS views", (str(self._views),))
            self._connections.append(found)
        return found

    def look_anew(self) -> None:
        """Open the files again for what is read next: that of the views is another one."""
        self._here = threading.local()

    async def close(self) -> None:
        """Let readings end, then close all connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.get_running_loop().run_in_executor(None, pool.shutdown)
            for connection in self._connections:
                connection.close()
