"""What somebody watches as long as their access holds."""

import asyncio
from collections.abc import AsyncIterator

from ensue.engine.holding import Holding


async def _holds() -> bool:
    return True


async def _silence(begun: asyncio.Event) -> AsyncIterator[int]:
    begun.set()
    await asyncio.Event().wait()
    yield 0


async def test_who_goes_leaves_nothing_behind() -> None:
    """Streams that end by themselves, as they do all day, cost no memory until some access changes."""
    holding, before = Holding(), asyncio.all_tasks()
    for _ in range(3):
        begun = asyncio.Event()
        watched = holding.while_holds(_holds, _silence(begun))
        watching = asyncio.ensure_future(anext(watched))
        await begun.wait()
        watching.cancel()
        await asyncio.wait([watching])
    left = asyncio.all_tasks() - before
    if left:
        await asyncio.wait(left, timeout=1)
    assert asyncio.all_tasks() == before
