"""Hides what an instance keeps of itself, beside its projects: that its key fits the data, and what it made once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.engine.vault import WRONG_KEY, Vault
from ensue.store.base import Store

INSTANCE: Final = "instance"
"""The kind of these documents."""
_KEY_CHECK: Final = "key-check"


def instance_put(name: str, body: bytes) -> Put:
    """What keeps `body` for good, unless something of that name is kept already."""
    return Put(document=Document(kind=INSTANCE, project="", id=name, body=body), expected=0)


async def check_key(store: Store, vault: Vault) -> None:
    """Refuse an instance key that does not fit the data; remember it on the first start.

    EnsueError `invalid` that says what to put back.
    """
    kept = await store.get(INSTANCE, "", _KEY_CHECK)
    if kept is None:
        await store.put([instance_put(_KEY_CHECK, vault.check_value().encode())])
    elif not vault.fits(kept.body.decode()):
        raise EnsueError("invalid", WRONG_KEY)


@asynccontextmanager
async def closed_on_failure(store: Store) -> AsyncIterator[None]:
    """Close a store again where what belongs to its opening fails: its threads and its lock would stay."""
    try:
        yield
    except BaseException:
        await store.close()
        raise
