"""Hides where the data lies and who may serve it: a directory or file, its lock, its schema."""

import fcntl
import os
import re
import secrets
from importlib import resources
from pathlib import Path
from typing import Final

import apsw

from ensue.domain.errors import EnsueError
from ensue.store.sqlite.driver import connect, make_file, use_wal

FILE: Final = "ensue.db"
VIEWS: Final = "views.db"
LOCK: Final = "server.lock"


class Place:
    """The files of one store. `address` is a data directory, or a file when it ends in `.db` or is one."""

    def __init__(self, address: str) -> None:
        path = Path(address)
        alone = path.is_file() or path.suffix == ".db"
        self.file = path if alone else path / FILE
        self.views = path.with_name(f"{path.stem}.{VIEWS}") if alone else path / VIEWS
        self._lock_path = path.with_name(path.name + ".lock") if alone else path / LOCK
        self._lock: int | None = None

    def prepare(self) -> None:
        """Make the directory (0700) and the file (0600) where they are missing; EnsueError `unavailable`."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_file(self.file)
        except OSError as error:
            raise EnsueError(
                "unavailable",
                f"The data file {self.file} cannot be written: {error.strerror}; change its owner or path.",
            ) from error

    def take(self) -> None:
        """Become the one server of this place; EnsueError `conflict` when another process is."""
        if not self.try_take():
            raise EnsueError(
                "conflict",
                f"Another server (process {self._holder()}) already uses {self.file.parent}; stop it or choose another "
                "data directory.",
            )

    def try_take(self) -> bool:
        """Take the lock if it is free; the kernel frees it when the process ends, however that happens."""
        handle = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle
        return True

    def release(self) -> None:
        """Let the lock go, if it is ours."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _holder(self) -> str:
        return self._lock_path.read_text(encoding="ascii", errors="replace").strip() or "unknown"

    def migrate(self) -> None:
        """Bring the schema up to date. Only for the holder of the lock. EnsueError `unavailable` for a newer one."""
        connection = connect(self.file)
        try:
            use_wal(connection)
            for number, text in migrations():
                if number > _version(connection):
                    with connection:
                        connection.execute(text)
                        connection.execute(f"PRAGMA user_version = {number}")
            self._require_known(connection)
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('epoch', ?), ('floor', 0)", (new_epoch(),))
        finally:
            connection.close()

    def is_current(self) -> bool:
        """Whether the schema is the one that this release writes; EnsueError `unavailable` for a newer one."""
        connection = connect(self.file)
        try:
            self._require_known(connection)
            return _version(connection) == migrations()[-1][0]
        finally:
            connection.close()

    def _require_known(self, connection: apsw.Connection) -> None:
        newest = migrations()[-1][0]
        if _version(connection) > newest:
            raise EnsueError(
                "unavailable",
                f"{self.file} was written by a newer Ensue (schema {_version(connection)}, this one knows {newest}); "
                "install that release or restore a backup.",
            )


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def migrations() -> list[tuple[int, str]]:
    """The numbered SQL files, in order."""
    found = []
    for entry in resources.files("ensue.store").joinpath("migrations").iterdir():
        numbered = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if numbered is not None:
            found.append((int(numbered[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)


def new_epoch() -> str:
    """The name of a log: a cursor of another log is not one of this one."""
    return secrets.token_hex(4)


def renew_epoch(file: Path) -> None:
    """Give the copy of a store an epoch of its own, since its log will go on differently."""
    connection = apsw.Connection(str(file))
    try:
        connection.execute("PRAGMA synchronous = full; PRAGMA journal_mode = delete")
        connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (new_epoch(),))
    finally:
        connection.close()
    for path in (file, file.parent):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
