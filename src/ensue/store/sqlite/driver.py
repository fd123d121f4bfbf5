"""Hides the driver: how connections are set up, which SQLite is safe, and what its errors mean to us."""

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import apsw

from ensue.domain.errors import EnsueError

SAFE: Final = (3, 51, 3)
"""Earlier ones can lose a committed transaction when two connections checkpoint and write at one moment."""

PAGE: Final = 4096
BUSY: Final = 5_000
WRITER_CACHE: Final = 4 * 1024
READER_CACHE: Final = 2 * 1024
STATEMENTS: Final = 256


class Execute(Protocol):
    """How a statement is run: its rows one after the other, `fetchall` for all. The driver's own, but for its types."""

    def __call__(self, text: str, values: Sequence[Any] = (), /) -> Any:
        """Run `text` with `values`."""


def integers(values: Iterable[int]) -> Any:
    """Many integers as one value, to be read by `carray(?)`."""
    return apsw.carray(array("q", values))


def strings(values: Iterable[str] | Iterable[bytes]) -> Any:
    """Many texts, or many blobs, at least one, as one value to be read by `carray(?)`."""
    return apsw.carray(tuple(values))


def require_safe_sqlite() -> None:
    """Refuse to work with a SQLite that can lose commits; EnsueError `unavailable`."""
    version = apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")[:3]) < SAFE:
        least = ".".join(str(part) for part in SAFE)
        raise EnsueError(
            "unavailable",
            f"SQLite {version} can lose committed data (the WAL-reset bug); install apsw {least} or newer.",
        )


def connect(file: Path, *, cache: int = READER_CACHE, readonly: bool = False) -> apsw.Connection:
    """A connection to `file`, for one thread, that never checkpoints by itself. `cache` is KiB."""
    flags = apsw.SQLITE_OPEN_READWRITE | (0 if readonly else apsw.SQLITE_OPEN_CREATE)
    connection = apsw.Connection(str(file), flags=flags, statementcachesize=STATEMENTS)
    connection.set_busy_timeout(BUSY)
    connection.wal_autocheckpoint(0)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.execute(f"PRAGMA cache_size = -{cache}; PRAGMA temp_store = memory")
    connection.execute("PRAGMA synchronous = full; PRAGMA secure_delete = fast; PRAGMA foreign_keys = off")
    if readonly:
        connection.execute("PRAGMA query_only = on")
    return connection


def make_file(file: Path) -> None:
    """Make an empty file that only its owner may read, unless it is there; SQLite gives its WAL the same mode."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def use_wal(connection: apsw.Connection) -> None:
    """Set what stays in the file: page size and write-ahead log."""
    connection.execute(f"PRAGMA page_size = {PAGE}; PRAGMA journal_mode = wal")


LASTING: Final = (
    apsw.FullError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.ReadOnlyError,
    apsw.NoMemError,
    apsw.ProtocolError,
    apsw.CorruptError,
    apsw.NotADBError,
)
"""Errors that concern the place, not the job: everybody who waits for the same commit gets the same answer."""


def translate(error: apsw.Error) -> EnsueError:
    """What a driver's error means to a caller; the one place where they are translated."""
    if isinstance(error, apsw.FullError):
        return EnsueError("unavailable", "The disk that holds the data is full; free some space.", retry_after=1)
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return EnsueError("unavailable", "The data file is locked by another process; try again.", retry_after=1)
    if isinstance(error, LASTING):
        return EnsueError("unavailable", f"The data file cannot be used now: {error}.", retry_after=1)
    return EnsueError("internal", f"The data file refused a statement: {error}.")


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the driver raises as an EnsueError."""
    try:
        yield
    except apsw.Error as error:
        raise translate(error) from error
