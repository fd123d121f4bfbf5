"""How events become durable (invariants 2 and 3, design section 7): grouped, bounded, and whole where it fails."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ensue.domain.delivery import Entry, Sent
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes, Receipt
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage


class Slow:
    """The store's `append` or `settle`, held by a test: what waits there goes on, or fails, when it says so."""

    def __init__(self, stage: Stage, verb: str) -> None:
        self._verb: Callable[..., Any] = getattr(stage.store, verb)
        self.calls = 0
        self.gate = asyncio.Event()
        self.before: Exception | None = None
        self.after: Exception | None = None
        setattr(stage.store, verb, self)

    async def __call__(self, plan: Callable[[Changes], Sequence[Any]]) -> Any:
        """Wait for the gate; fail before or after the plan was made, or do it."""
        self.calls += 1
        await self.gate.wait()
        if self.before is not None:
            raise self.before
        if self.after is not None:
            plan(lambda _revision: ())
            raise self.after
        return await self._verb(plan)


FULL = EnsueError("unavailable", "The disk is full.", retry_after=1)


async def test_an_event_and_its_debts_are_one_commit(stage: Stage) -> None:
    """The receipt comes when both are there; what failed to commit left neither."""
    await stage.trigger(enabled=False)
    slow = Slow(stage, "append")
    first = stage.engine.ingest.submit(stage.intake())
    slow.after = FULL
    slow.gate.set()
    with pytest.raises(EnsueError, match="disk is full"):
        await first
    assert (await stage.deliveries(), (await stage.store.read(None, 10)).events) == ([], [])
    slow.after = None
    receipt = await stage.send()
    assert (receipt.status, (await stage.only()).event_id) == ("stored", receipt.event_id)


async def test_what_waits_goes_into_one_commit(stage: Stage) -> None:
    """While one commit is under way all that arrives is gathered for the next."""
    slow = Slow(stage, "append")
    receipts = [stage.engine.ingest.submit(stage.intake()) for _ in range(50)]
    await asyncio.sleep(0)
    slow.gate.set()
    assert {receipt.status for receipt in await asyncio.gather(*receipts)} == {"stored"}
    assert slow.calls <= 2


async def test_a_bulk_request_is_one_commit(stage: Stage) -> None:
    """However large, and even where another has begun."""
    batches: list[int] = []
    append = stage.store.append

    async def counted(plan: Callable[[Changes], Sequence[Entry]]) -> Sequence[Receipt]:
        receipts = await append(plan)
        batches.append(len(receipts))
        return receipts

    stage.store.append = counted  # type: ignore[method-assign]
    await asyncio.gather(
        *stage.engine.ingest.submit_many([stage.intake() for _ in range(700)]),
        *stage.engine.ingest.submit_many([stage.intake() for _ in range(700)]),
        *stage.engine.ingest.submit_many([]),
    )
    assert batches in ([700, 700], [1400])


async def test_too_much_is_refused_before_anything_is_stored(on_stage: Staged) -> None:
    """503 with `Retry-After` at the limit; what was accepted is stored; afterwards there is room again."""
    async with on_stage(queue_entries=10) as stage:
        slow = Slow(stage, "append")
        accepted = [stage.engine.ingest.submit(stage.intake()) for _ in range(10)]
        for refuse in (stage.intake(), stage.intake()):
            with pytest.raises(EnsueError, match="wait for the disk") as refused:
                stage.engine.ingest.submit(refuse)
            assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1)
        with pytest.raises(EnsueError, match="wait for the disk"):
            stage.engine.ingest.submit_many([stage.intake()] * 5)
        slow.gate.set()
        await asyncio.gather(*accepted)
        await asyncio.gather(*stage.engine.ingest.submit_many([stage.intake() for _ in range(20)]))
        assert len((await stage.store.read(None, 100)).events) == 30


async def test_a_disk_that_hangs_refuses_soon(stage: Stage) -> None:
    """Two commits under way and the older one for more than a second: 503, not an ever longer queue."""
    slow = Slow(stage, "append")
    ingest = stage.engine.ingest
    waiting = [ingest.submit(stage.intake())]
    await asyncio.sleep(0)
    ingest._gathering.take(10)
    waiting.append(ingest.submit(stage.intake()))
    tasks = ingest._gathering._tasks
    assert len(tasks) == 2
    for task in tasks:
        tasks[task] -= 2.0
    with pytest.raises(EnsueError, match="wait for the disk"):
        ingest.submit(stage.intake())
    slow.gate.set()
    await waiting[1]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_room_is_given_back_when_the_commit_fails(stage: Stage, moment: str) -> None:
    """Reserved for deliveries that never were: the next one finds it."""
    await stage.trigger(concurrency=1)
    slow = Slow(stage, "append")
    setattr(slow, moment, FULL)
    slow.gate.set()
    for _ in range(3):
        with pytest.raises(EnsueError, match="disk is full"):
            await stage.engine.ingest.submit(stage.intake())
    assert stage.lanes.in_flight() == 0
    setattr(slow, moment, None)
    await stage.send()
    (delivered,) = await stage.settled("delivered")
    assert delivered.claim == 1


async def test_room_that_a_repeat_reserved_wakes_whoever_waits(stage: Stage) -> None:
    """A duplicate takes room in its turn and gives it back: a lane that was parked meanwhile goes on."""
    await stage.trigger(concurrency=1)
    await stage.send(idempotency_key="k")
    await stage.settled("delivered", 1)
    repeated = stage.intake(idempotency_key="k")
    receipts = await asyncio.gather(*stage.engine.ingest.submit_many([repeated, stage.intake(), repeated]))
    assert [receipt.status for receipt in receipts] == ["duplicate", "stored", "duplicate"]
    await stage.settled("delivered", 2)
    assert stage.lanes.in_flight() == 0


async def test_one_that_cannot_be_planned_costs_the_others_nothing(stage: Stage) -> None:
    """A fault of ours in planning is the answer to one; its group commits, its room is free."""
    await stage.trigger()
    room = stage.parts.worker._perform.room
    other = await stage.trigger("bad", url="http://127.0.0.8:9/hook")

    def faulty(lane: str) -> Any:
        if lane == other.id:
            raise RuntimeError("a bug")
        return room(lane)

    stage.parts.worker._perform.room = faulty  # type: ignore[method-assign]
    intakes = [stage.intake(), stage.intake("bad"), stage.intake()]
    results = await asyncio.gather(*stage.engine.ingest.submit_many(intakes), return_exceptions=True)
    assert [getattr(result, "status", repr(result)) for result in results] == [
        "stored",
        "RuntimeError('a bug')",
        "stored",
    ]
    await stage.settled("delivered", 2)
    assert (stage.lanes.in_flight(), stage.engine.ingest._entries) == (0, 0)


async def test_whoever_gave_up_waiting_costs_nothing(stage: Stage) -> None:
    """A sender that hung up: the event is stored all the same, and nothing breaks."""
    await stage.trigger()
    slow = Slow(stage, "append")
    receipt = stage.engine.ingest.submit(stage.intake())
    receipt.cancel()
    other = stage.engine.ingest.submit(stage.intake())
    slow.gate.set()
    assert (await other).status == "stored"
    await stage.settled("delivered", 2)


async def test_a_send_to_one_trigger_is_tried_at_once(stage: Stage) -> None:
    """Born claimed, tried once, whatever the trigger matches; the outcome is awaited in this process."""
    trigger = await stage.trigger("other.type")
    ended = await stage.engine.send_to(stage.intake(), trigger)
    assert ended.delivery is not None
    assert ended.attempt is not None
    assert (ended.delivery.state, ended.delivery.claim, ended.attempt.result) == ("delivered", 1, "sent")


async def test_no_room_is_refused_before_anything_is_stored(stage: Stage) -> None:
    """Somebody waits for this one: 503 instead of a queue."""
    stage.channel.script = hold = Hold()
    trigger = await stage.trigger(concurrency=1)
    await stage.send()
    await stage.until(lambda: hold.count == 1)
    with pytest.raises(EnsueError, match="no room") as refused:
        await stage.engine.send_to(stage.intake(), trigger)
    assert (refused.value.code, len(await stage.deliveries())) == ("unavailable", 1)
    hold.answer(Sent())
    await stage.settled("delivered")
    assert stage.lanes.in_flight() == 0


async def test_a_repeat_that_somebody_waits_for_is_told(stage: Stage) -> None:
    """Nothing is sent twice and nobody waits for ever."""
    trigger = await stage.trigger("other.type")
    await stage.engine.send_to(stage.intake(idempotency_key="k"), trigger)
    with pytest.raises(EnsueError, match="said before") as refused:
        await stage.engine.send_to(stage.intake(idempotency_key="k"), trigger)
    assert (refused.value.code, len(stage.channel.sent), stage.lanes.in_flight()) == ("conflict", 1, 0)


async def test_who_leaves_while_it_is_stored_leaves_no_orphan(stage: Stage) -> None:
    """The caller of a test send is cancelled: what was committed for it is tried, and its room given back."""
    trigger = await stage.trigger("other.type", concurrency=1)
    slow = Slow(stage, "append")
    waiting = asyncio.ensure_future(stage.engine.send_to(stage.intake(), trigger))
    await stage.until(lambda: slow.calls == 1)
    waiting.cancel()
    slow.gate.set()
    await stage.settled("delivered")
    assert stage.lanes.in_flight() == 0


async def test_a_closed_store_answers_everybody(stage: Stage) -> None:
    """Nobody waits for ever for a commit that cannot begin."""
    slow = Slow(stage, "append")
    receipts = [stage.engine.ingest.submit(stage.intake()) for _ in range(2_500)]
    slow.before = FULL
    slow.gate.set()
    results = await asyncio.gather(*receipts, return_exceptions=True)
    assert {str(result) for result in results} == {"The disk is full."}
    assert stage.engine.ingest._entries == 0
