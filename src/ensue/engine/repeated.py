"""Hides that a change is tried again when somebody else changed the same thing meanwhile: compare and set."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.store.base import Store

TRIES: Final = 5

T = TypeVar("T")


class OvertakenError(Exception):
    """What a change was based on is not so any more."""


async def repeated(change: Callable[[], Awaitable[T]]) -> T:
    """What `change` returns; asked anew when it raises OvertakenError. EnsueError `conflict` after five times."""
    for _ in range(TRIES):
        try:
            return await change()
        except OvertakenError:
            continue
    raise EnsueError("conflict", "This is being changed by others at this moment; try again.")


async def put(store: Store, puts: Sequence[Put]) -> None:
    """Commit all of `puts`, or raise OvertakenError where a revision is another by now, or a name is taken."""
    try:
        await store.put(puts)
    except EnsueError as error:
        if error.code != "conflict":
            raise
        raise OvertakenError from None
