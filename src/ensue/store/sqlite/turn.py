"""Hides what the writer knows while it holds the write lock, and how it notices that another process wrote."""

from collections.abc import Sequence
from typing import Any, Final

import apsw

from ensue.domain.document import Document
from ensue.store.sql import DOCUMENT_COLUMNS, document_of
from ensue.store.sqlite.driver import Execute
from ensue.store.sqlite.promises import Promises

CHANGES: Final = f"SELECT {DOCUMENT_COLUMNS} FROM document WHERE change > ? ORDER BY change"


class Turn:
    """The write connection with what is remembered between commits; only the writer thread touches it.

    `cursor`, `number` and `change` are the last ones given out: of events, deliveries and changes of rules.
    `failing` are the triggers whose last try failed.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.execute: Execute = connection.execute
        self.promises = Promises(self.execute)
        self.epoch: str = str(self.one("SELECT value FROM meta WHERE name = 'epoch'"))
        self.cursor = self.number = self.change = 0
        self.rows = 0
        self.news = False
        self.failing: set[str] = set()
        self._version = int(self.one("PRAGMA data_version"))
        self._stale, self._foreign = True, False

    def one(self, text: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row, or None."""
        for row in self.execute(text, values):
            return row[0]
        return None

    def begin(self) -> None:
        """Take the write lock, and learn anew what another process may have changed."""
        self.execute("BEGIN IMMEDIATE")
        self.rows, self.news = 0, False
        self.look()
        if self._stale:
            self.cursor = self.one("SELECT seq FROM sqlite_sequence WHERE name = 'event'") or 0
            self.number = self.one("SELECT max(number) FROM delivery") or 0
            self.change = self.one("SELECT max(change) FROM document WHERE change > 0") or 0
            self.promises.load()
            self.failing = {trigger for (trigger,) in self.execute("SELECT trigger FROM failing")}
            self._stale = False

    def look(self) -> None:
        """Notice what another connection committed, for `foreign` and the next `begin`."""
        version = int(self.one("PRAGMA data_version"))
        if version != self._version:
            self._version, self._stale, self._foreign = version, True, True

    def foreign(self) -> bool:
        """Whether another connection has committed since this was last asked."""
        foreign, self._foreign = self._foreign, False
        return foreign

    def rollback(self) -> None:
        """Undo everything, also what is remembered."""
        self._stale = True
        if self.connection.in_transaction:
            self.execute("ROLLBACK")

    def changes(self, revision: int) -> Sequence[Document]:
        """The rules changed after `revision`, as `Changes`."""
        if revision >= self.change:
            return ()
        return [document_of(row) for row in self.execute(CHANGES, (revision,))]

    def text(self, cursor: int) -> str:
        """A place in the log as the seam shows it."""
        return f"{self.epoch}.{cursor}"
