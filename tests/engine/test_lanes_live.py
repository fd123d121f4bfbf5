"""That lanes cost each other nothing, in a running engine (design section 5)."""

from ensue.domain.delivery import Result, Sent
from ensue.engine.lanes import Lanes
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage


async def test_a_hung_lane_costs_the_others_nothing(stage: Stage) -> None:
    """Its backlog stands; each event of another lane goes out at once, born claimed."""
    hold = Hold()

    def answer(message: object) -> Result:
        return hold(message) if message.event.type == "slow" else Sent()  # type: ignore[attr-defined, return-value, arg-type]

    stage.channel.script = answer
    slow = await stage.trigger("slow", concurrency=2)
    fast = await stage.trigger("fast", url="http://127.0.0.8:9/hook")
    await stage.send_many(200, "slow")
    await stage.until(lambda: hold.count == 2)
    for count in range(1, 21):
        await stage.send("fast")
        await stage.settled("delivered", count)
    delivered = await stage.deliveries(trigger=fast.id)
    assert {(one.state, one.claim) for one in delivered} == {("delivered", 1)}
    pending = await stage.deliveries(trigger=slow.id)
    assert sorted(one.claim for one in pending) == [0] * 198 + [1, 1]
    assert stage.lanes.counts()["parked"] == 1


async def test_a_hosts_room_is_shared_by_triggers(on_stage: Staged) -> None:
    """Triggers that send to one host together have its room; another host is not concerned."""
    async with on_stage(host_room=3) as stage:
        hold = stage.channel.script = Hold()
        for _ in range(3):
            await stage.trigger()
        await stage.trigger(url="http://127.0.0.8:9/hook")
        await stage.send_many(2)
        await stage.until(lambda: hold.count == 5)
        assert len(stage.parts.worker.in_flight()) == 5
        hold.answer(Sent())
        await stage.until(lambda: hold.count == 3)
        hold.answer(Sent())
        await stage.settled("delivered", 8)


async def test_a_nodes_room_is_for_all(on_stage: Staged) -> None:
    """Never more under way than the node may have, and all goes out in the end."""
    async with on_stage(node_room=4) as stage:
        hold = stage.channel.script = Hold()
        for number in range(3):
            await stage.trigger(url=f"http://127.0.0.{number + 1}:9/hook")
        await stage.send_many(4)
        for count in (4, 8, 12):
            await stage.until(lambda: hold.count == 4)
            assert stage.lanes.in_flight() == 4
            hold.answer(Sent())
            await stage.settled("delivered", count)


async def test_a_disabled_trigger_is_a_lane_without_room(stage: Stage) -> None:
    """What arrives is planned and waits; on enabling it goes out, all of it, once."""
    trigger = await stage.trigger(enabled=False)
    await stage.send_many(50)
    assert {(one.state, one.claim) for one in await stage.deliveries()} == {("pending", 0)}
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    await stage.settled("delivered", 50)
    assert len(stage.channel.sent) == 50


async def test_a_trigger_disabled_meanwhile_keeps_its_backlog(stage: Stage) -> None:
    """Switching off stops what waits, not what is under way."""
    hold = stage.channel.script = Hold()
    trigger = await stage.trigger(concurrency=1)
    await stage.send_many(3)
    await stage.until(lambda: hold.count == 1)
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=False)
    hold.answer(Sent())
    await stage.settled("delivered", 1)
    await stage.idle()
    assert len(await stage.deliveries(state="pending")) == 2
    stage.channel.script = lambda _: Sent()
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    await stage.settled("delivered", 3)


async def test_a_lane_that_nobody_noted_is_found(stage: Stage) -> None:
    """What another process left, or a lost note, is found by the slow scan."""
    trigger = await stage.trigger(enabled=False)
    await stage.send_many(3)
    stage.parts.worker._lanes.__init__(stage.lanes._room_of, stage.lanes._rooms)  # type: ignore[misc]
    assert isinstance(stage.lanes, Lanes)
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    assert stage.lanes.counts() == {"waiting": 0, "due": 0, "parked": 0}
    await stage.parts.scheduler.scan()
    await stage.settled("delivered", 3)


async def test_room_that_is_given_back_is_used_at_once(stage: Stage) -> None:
    """What waits for a place goes out when a try is over, not when its outcome is kept."""
    await stage.parts.scheduler.stop()
    hold = stage.channel.script = Hold()
    await stage.trigger(concurrency=1)
    await stage.send_many(2)
    await stage.until(lambda: hold.count == 1 and stage.lanes.counts()["parked"] == 1)
    stage.parts.worker._settlement.add = lambda trial, done: None  # type: ignore[method-assign]  # noqa: ARG005 - its form
    hold.answer(Sent())
    await stage.until(lambda: len(stage.channel.sent) == 2)
