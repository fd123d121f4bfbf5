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


@pytest.mark.parametrize(("quick", "free"), [(False, 20), (True, 80)])
def test_a_quick_lane_is_claimed_ahead(*, quick: bool, free: int) -> None:
    """Three times what it has room for; a disabled one gets nothing either way."""
    rooms = {"lane": Room(20), "off": Room(0)}
    lanes = Lanes(lambda lane: rooms[lane], Rooms())
    for lane in rooms:
        lanes.pace(lane, quick=quick)
        lanes.note(lane, 0)

    assert lanes.take(1) == {"lane": free}


def test_few_are_not_worth_a_claim_while_many_wait() -> None:
    """A lane that has enough to do comes back when many can be claimed at once, not for each that ends."""
    lanes = Lanes(lambda _: Room(20, "host"), Rooms())
    lanes.pace("lane", quick=True)
    lanes.note("lane", 0)
    slot = lanes.taken("lane", lanes.take(1)["lane"], 75, 0)

    assert lanes.take(1) == {}
    assert not any(lanes.release(slot) for _ in range(34))
    assert lanes.release(slot)
    assert lanes.take(1) == {}
    for _ in range(5):
        lanes.release(slot)
    assert lanes.take(1) == {"lane": 40}


def test_what_is_claimed_ahead_leaves_room_to_others() -> None:
    """A quick lane never takes the whole room of its host, nor of the node."""
    lanes = Lanes(lambda lane: Room(20, "host" if lane == "one" else None), Rooms(host=40, node=60))
    for lane in ("one", "two"):
        lanes.pace(lane, quick=True)
        lanes.note(lane, 0)

    assert lanes.take(1) == {"one": 30, "two": 20}


async def test_no_more_run_at_once_than_there_is_room_for(stage: Stage) -> None:
    """However quick the receiver was, and however much is claimed ahead for it; what waits goes out in the end."""
    trigger = await stage.trigger(concurrency=3)
    await stage.send()
    await stage.settled("delivered", 1)
    hold = stage.channel.script = Hold()
    await stage.send_many(30)
    await stage.until(lambda: stage.lanes.in_flight(trigger.id) == 12)

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
    await stage.until(lambda: stage.lanes.in_flight(trigger.id) == 3)
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
