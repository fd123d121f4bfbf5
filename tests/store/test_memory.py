"""What the memory store refuses, since nobody but its server can see it."""

import pytest

from ensue.domain.errors import EnsueError
from ensue.store.memory import MemoryStore


async def test_nothing_is_opened_beside_it() -> None:
    """A key made beside the server would be a key of nothing: it is refused with the way out."""
    with pytest.raises(EnsueError, match="API") as refusal:
        await MemoryStore().open_beside()

    assert refusal.value.code == "invalid"
