"""Hides SQLite: one file, one writer, many readers (design section 6)."""

from ensue.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
