"""Events for later (design sections 5 and 10): a debt of their own, emitted when due, planned by the rules of then."""

import pytest

from ensue.domain.delivery import POISON, SCHEDULED
from ensue.domain.errors import EnsueError
from ensue.domain.schedule import DAY, HOUR
from ensue.store.base import DeliveryQuery, Selection
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage


async def logged(stage: Stage) -> list[str]:
    """The types in the log."""
    return [event.type for _, event in (await stage.store.read(None, 100_000)).events]


async def test_a_scheduled_event_enters_the_log_when_due(stage: Stage) -> None:
    """Not a millisecond before; its id is the one of its acceptance."""
    receipt = await stage.send(delay=60)
    assert (receipt.status, receipt.cursor) == ("stored", None)
    known = await stage.engine.event(stage.project, receipt.event_id)
    assert (known.state, known.due_at) == ("scheduled", stage.clock() + 60_000)
    stage.clock.turn(59_999)
    await stage.idle()
    assert await logged(stage) == []
    stage.clock.turn(1)
    await stage.until(lambda: _is_there(stage, 1))
    assert (await stage.engine.event(stage.project, receipt.event_id)).state == "recorded"


async def _is_there(stage: Stage, count: int) -> bool:
    return len(await logged(stage)) == count


async def test_the_triggers_of_then_plan_it(stage: Stage) -> None:
    """One made after its acceptance fires; one deleted before its time does not."""
    gone = await stage.trigger(name="gone")
    await stage.send(delay=60)
    await stage.engine.triggers.delete(stage.project, gone.id)
    made = await stage.trigger(name="made later")
    stage.clock.turn(60_000)
    (delivered,) = await stage.settled("delivered")
    assert delivered.trigger == made.id


async def test_its_key_counts_once_at_acceptance(stage: Stage) -> None:
    """A repeat before it runs is a duplicate; its own emission is not; a day after acceptance the key is free."""
    first = await stage.send(delay=60, idempotency_key="k", body=b'{"a":1}')
    again = await stage.send(idempotency_key="k", body=b'{"a":1}')
    assert (again.status, again.event_id) == ("duplicate", first.event_id)
    stage.clock.turn(60_000)
    await stage.until(lambda: _is_there(stage, 1))
    assert (await stage.send(idempotency_key="k", body=b'{"a":2}')).status == "mismatch"
    stage.clock.turn(DAY)
    assert (await stage.send(idempotency_key="k", body=b'{"a":2}')).status == "stored"


async def test_cancelling_frees_its_key(stage: Stage) -> None:
    """And it never happens; what was cancelled is not sent by a retry either."""
    first = await stage.send(delay=60, idempotency_key="k")
    known = await stage.engine.cancel_event(stage.project, first.event_id)
    assert known.state == "cancelled"
    assert (await stage.engine.cancel_event(stage.project, first.event_id)).state == "cancelled"
    assert (await stage.send("order.other", idempotency_key="k")).status == "stored"
    with pytest.raises(EnsueError, match="cancelled"):
        await stage.engine.retry(stage.project, (await stage.only(kind=SCHEDULED)).id)
    stage.clock.turn(HOUR)
    await stage.idle()
    assert await logged(stage) == ["order.other"]


async def test_what_has_happened_cannot_be_cancelled(stage: Stage) -> None:
    """409, and nothing that it owes is touched."""
    await stage.trigger(enabled=False)
    now = await stage.send()
    with pytest.raises(EnsueError, match="has happened"):
        await stage.engine.cancel_event(stage.project, now.event_id)
    later = await stage.send(delay=1)
    scheduled = stage.engine._scheduled_delivery

    async def meanwhile(project: str, event_id: str) -> object:
        found = await scheduled(project, event_id)
        stage.engine._scheduled_delivery = scheduled  # type: ignore[method-assign]
        stage.clock.turn(1_000)
        await stage.until(lambda: _is_there(stage, 2))
        return found

    stage.engine._scheduled_delivery = meanwhile  # type: ignore[method-assign, assignment]
    with pytest.raises(EnsueError, match="has happened"):
        await stage.engine.cancel_event(stage.project, later.event_id)
    assert {one.state for one in await stage.deliveries(kind="webhook")} == {"pending"}


async def test_removing_one_is_for_good(stage: Stage) -> None:
    """It never happens, and is not found any more."""
    receipt = await stage.send(delay=60)
    await stage.engine.remove_event(stage.project, receipt.event_id)
    with pytest.raises(EnsueError, match="no event"):
        await stage.engine.event(stage.project, receipt.event_id)
    stage.clock.turn(HOUR)
    await stage.idle()
    assert await logged(stage) == []


async def test_many_due_at_once_are_emitted_in_bulk(on_stage: Staged) -> None:
    """Twenty thousand in a few commits, each once."""
    async with on_stage(queue_entries=100_000) as stage:
        await stage.trigger("none.of.them")
        for _ in range(4):
            await stage.send_many(5_000, delay=10)
        commits = (await stage.store.health(stage.clock())).commits
        stage.clock.turn(10_000)
        await stage.until(lambda: _is_there(stage, 20_000))
        await stage.idle()
        spent = (await stage.store.health(stage.clock())).commits - commits
        assert spent < 500
        events = (await stage.store.read(None, 100_000)).events
        assert len({event.id for _, event in events}) == 20_000
        left = await stage.store.deliveries(DeliveryQuery(project=stage.project, state="pending"))
        assert left.items == []


async def test_a_full_node_emits_all_the_same(on_stage: Staged) -> None:
    """Hung receivers take all the room there is; what is scheduled comes in time."""
    async with on_stage(node_room=1) as stage:
        hold = stage.channel.script = Hold()
        await stage.trigger("slow")
        await stage.send_many(3, "slow")
        await stage.until(lambda: hold.count == 1)
        await stage.send("later", delay=1)
        stage.clock.turn(1_000)
        await stage.until(lambda: _is_there(stage, 4))


async def test_a_past_time_means_now(stage: Stage) -> None:
    """`send_at` in the past, and a delay of nothing, are events like any other."""
    for fields in ({"send_at": "2001-01-01T00:00:00Z"}, {"delay": 0}):
        assert (await stage.send(**fields)).cursor is not None


async def test_one_that_cannot_be_emitted_is_a_dead_letter(stage: Stage) -> None:
    """Its payload cannot be read: dead with the reason, and told; the others are emitted."""
    await stage.send("broken", delay=1)
    await stage.send("whole", delay=1)
    emission = stage.parts.worker._settlement._emission

    def fails_for_one(delivery: object, *rest: object) -> object:
        if b"broken" in bytes(delivery.payload):  # type: ignore[attr-defined]
            raise ValueError("not an event")
        return emission(delivery, *rest)  # type: ignore[arg-type]

    stage.parts.worker._settlement._emission = fails_for_one  # type: ignore[method-assign, assignment]
    stage.clock.turn(1_000)
    await stage.until(lambda: _is_there(stage, 1))
    await stage.idle()
    (dead,) = await stage.deliveries(state="dead")
    assert (dead.kind, "not an event" in (dead.reason or "")) == (SCHEDULED, True)


async def test_one_that_poisons_is_told(stage: Stage) -> None:
    """Ten lost claims of a scheduled event: dead, and an event says so."""
    await stage.send(delay=1)
    (scheduled,) = await stage.deliveries(kind=SCHEDULED)
    for _ in range(POISON):
        await stage.store.claim({scheduled.lane: 1}, stage.clock() + 1_000, stage.clock() + 1_000)
    stage.clock.turn(2_000)
    await stage.until(lambda: _is_there(stage, 1))
    assert await logged(stage) == ["ensue.delivery.dead"]


async def test_cancelled_while_it_is_emitted_it_does_not_happen(stage: Stage) -> None:
    """The fence holds for events too: the emission comes too late."""
    await stage.send(delay=1)
    add = stage.parts.worker._settlement.add
    held: list[tuple[object, object]] = []
    stage.parts.worker._settlement.add = lambda trial, done: held.append((trial, done))  # type: ignore[method-assign]
    stage.clock.turn(1_000)
    await stage.until(lambda: held)
    (scheduled,) = await stage.deliveries(kind=SCHEDULED)
    cancelled = await stage.store.cancel(Selection(project=stage.project, ids=[scheduled.id]), "no", stage.clock())
    assert cancelled.in_flight == [scheduled.id]
    for trial, done in held:
        add(trial, done)  # type: ignore[arg-type]
    await stage.idle()
    assert await logged(stage) == []
