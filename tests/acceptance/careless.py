"""Hides a server that breaks its promise: it answers without syncing, so that a test can be seen to notice."""

from pathlib import Path
from typing import Any

import apsw

from ensue import app
from ensue.config import load
from ensue.store.sqlite import store
from ensue.store.sqlite.driver import connect


def careless(file: Path, **options: Any) -> apsw.Connection:
    """A connection as the store makes it, but with `synchronous = normal`: its commits are not synced."""
    connection = connect(file, **options)
    connection.execute("PRAGMA synchronous = normal")
    return connection


if __name__ == "__main__":
    setattr(store, "connect", careless)  # noqa: B010 - the store's own name for it is nobody else's
    app.serve(load({}), lambda _host, _port, _setup: None)
