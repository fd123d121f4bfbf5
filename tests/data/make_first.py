"""Makes `first.db`, a small data file as the first schema wrote it; run once, kept for ever.

`python -m tests.data.make_first` from the repository's root.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from msgspec.structs import replace

from ensue.domain.delivery import Failed
from ensue.store.sqlite import SqliteStore
from tests.contract.builders import NOW, append, claim, entry, once, outcome, put, scheduled, settle

TARGET = Path(__file__).parent / "first.db"


async def make() -> None:
    """Two events, one told of a failure, a scheduled one, a debt in flight, a rule, a promise."""
    directory = tempfile.mkdtemp()
    store = SqliteStore(directory)
    await store.open(NOW)
    await store.put([put("t1", kind="trigger")])
    await append(store, entry(once=[once("kept")], lanes=["trigger:one"]), entry(type="order.sent"))
    await append(store, scheduled(NOW + 86_400_000))
    [debt] = await claim(store)
    failed = outcome(debt, Failed("503 Service Unavailable"))
    await settle(store, replace(failed, emits=(entry(type="told"),)))
    await claim(store, failed.delivery.due_at)
    TARGET.unlink(missing_ok=True)
    await store.backup(str(TARGET))
    await store.close()
    shutil.rmtree(directory)


if __name__ == "__main__":
    asyncio.run(make())
