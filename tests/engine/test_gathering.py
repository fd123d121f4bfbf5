"""How what arrives gets into the writer's turn: whole groups, two commits at most, and nothing left behind."""

import asyncio

from ensue.engine.gathering import Gathering


class Turns:
    """Commits that take their turn when a test says so."""

    def __init__(self, most: int = 3) -> None:
        self.gathering: Gathering[int] = Gathering(self._commit)
        self.taken: list[list[int]] = []
        self.turns = asyncio.Semaphore(0)
        self.under_way = 0
        self._most = most

    async def _commit(self) -> None:
        self.under_way += 1
        await self.turns.acquire()
        self.taken.append(self.gathering.take(self._most))
        await asyncio.sleep(0)
        self.under_way -= 1


async def test_what_arrives_before_the_turn_is_taken_in_it() -> None:
    """One commit stands in line and takes all that came until then, in order."""
    turns = Turns(most=100)
    for number in range(5):
        turns.gathering.add([number])
    await asyncio.sleep(0)
    assert turns.under_way == 1
    turns.gathering.add([5, 6])
    turns.turns.release()
    await turns.gathering.drained()
    assert turns.taken == [[0, 1, 2, 3, 4, 5, 6]]


async def test_a_group_is_not_torn() -> None:
    """However large; small ones share a commit up to its limit."""
    turns = Turns(most=3)
    for group in ([1, 2], [3, 4], [5], [6, 7, 8, 9]):
        turns.gathering.add(group)
    for _ in range(9):
        turns.turns.release()
    await turns.gathering.drained()
    assert turns.taken == [[1, 2, 3, 4], [5, 6, 7, 8, 9]]


async def test_two_commits_at_most() -> None:
    """While one is synced the next stands in line; a third waits, and is not forgotten."""
    turns = Turns(most=1)
    gate = asyncio.Event()
    gathering: Gathering[int] = turns.gathering
    most = 0

    async def commit() -> None:
        nonlocal most
        turns.under_way += 1
        most = max(most, turns.under_way)
        turns.taken.append(gathering.take(1))
        await gate.wait()
        turns.under_way -= 1

    gathering._commit = commit
    for number in range(6):
        gathering.add([number])
        await asyncio.sleep(0)
    assert (turns.taken, gathering.waits_since() is not None) == ([[0], [1]], True)
    gate.set()
    await gathering.drained()
    assert (turns.taken, most, gathering.waits_since()) == ([[0], [1], [2], [3], [4], [5]], 2, None)


async def test_giving_up_forgets_what_waits() -> None:
    """Commits under way are cancelled, and nothing begins after them."""
    turns = Turns()
    turns.gathering.add([1])
    await asyncio.sleep(0)
    turns.gathering.cancel()
    await turns.gathering.drained()
    assert (turns.taken, turns.gathering.take(10)) == ([], [])
