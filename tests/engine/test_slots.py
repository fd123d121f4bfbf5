"""Places of a lane: no more run than it has room for, the rest waits in order, and a quick lane is claimed ahead."""

import pytest

from ensue.domain.delivery import Sent
from ensue.engine.lanes import Lanes, Room, Rooms
from ensue.engine.slots import Slots
from tests.engine.stage import Hold, Stage


def test_places_are_filled_in_order() -> None:
    """Whoever finds no place waits, and comes next when one is left."""
    slots: Slots[str] = Slots()

    assert [slots.enter("lane", name, 2) for name in "abcd"] == [True, True, False, False]
    assert [slots.leave("lane") for _ in range(4)] == ["c", "d", None, None]
    assert slots.enter("lane", "e", 1)


def test_what_waits_can_be_let_go() -> None:
    """Of one lane, or of all; who runs goes on."""
    slots: Slots[str] = Slots()
    for lane in ("one", "two"):
        for name in "abc":
            slots.enter(lane, lane + name, 1)

    assert slots.clear("one") == ["oneb", "onec"]
    assert slots.clear() == ["twob", "twoc"]
    assert slots.leave("one") is None


@pytest.mark.parametrize(("quick", "free"), [(False, 20), (True, 40)])
def test_a_quick_lane_is_claimed_ahead(*, quick: bool, free: int) -> None:
    """As many again as it has room for; a disabled one gets nothing either way."""
    rooms = {"lane": Room(20), "off": Room(0)}
    lanes = Lanes(lambda lane: rooms[lane], Rooms())
    for lane in rooms:
        lanes.pace(lane, quick=quick)
        lanes.note(lane, 0)

    assert lanes.take(1) == {"lane": free}


async def test_no_more_run_at_once_than_there_is_room_for(stage: Stage) -> None:
    """However quick the receiver was, and however much is claimed ahead for it; what waits goes out in the end."""
    trigger = await stage.trigger(concurrency=3)
    await stage.send()
    await stage.settled("delivered", 1)
    hold = stage.channel.script = Hold()
    await stage.send_many(30)
    await stage.until(lambda: stage.lanes.in_flight(trigger.id) == 6)

    assert hold.count == 3
    for _ in range(10):
        await stage.until(lambda: hold.count == 3)
        hold.answer(Sent())
    await stage.settled("delivered", 31)


async def test_what_was_claimed_ahead_waits_for_its_trigger(stage: Stage) -> None:
    """When a trigger is switched off, only what was being tried goes on."""
    trigger = await stage.trigger(concurrency=1)
    await stage.send()
    await stage.settled("delivered", 1)
    hold = stage.channel.script = Hold()
    await stage.send_many(3)
    await stage.until(lambda: stage.lanes.in_flight(trigger.id) == 2)
    await stage.parts.triggers.enable(stage.project, trigger.id, enabled=False)
    hold.answer(Sent())
    await stage.settled("delivered", 2)
    await stage.until(lambda: stage.lanes.in_flight() == 0)

    assert [one.tries for one in await stage.deliveries(state="pending")] == [0, 0]
    await stage.parts.triggers.enable(stage.project, trigger.id, enabled=True)
    for _ in range(2):
        await stage.until(lambda: hold.count == 1)
        hold.answer(Sent())
    await stage.settled("delivered", 4)
