"""Which lane goes next and how much room it has (design section 5, lanes and room): the table by itself."""

from hypothesis import given
from hypothesis import strategies as st

from ensue.engine.lanes import Lanes, Room, Rooms, Slot
from ensue.store.base import STEP

NOW = 1_000


def lanes_with(rooms: dict[str, Room], limits: Rooms | None = None) -> Lanes:
    """Lanes whose room stands in a dict that a test may change."""
    return Lanes(lambda lane: rooms.get(lane, Room(20)), limits or Rooms())


def claimed(lanes: Lanes, now: int, counts: dict[str, int]) -> list[Slot]:
    """One pass in which each lane has as many due as `counts` says; the slots to release, one for each."""
    slots: list[Slot] = []
    for lane, room in lanes.take(now).items():
        count = min(room, counts.get(lane, 0))
        slot = lanes.taken(lane, room, count, now if counts.get(lane, 0) > count else None)
        counts[lane] = counts.get(lane, 0) - count
        slots += [slot] * count
    return slots


def test_a_lane_goes_when_it_is_due() -> None:
    """Not before, and once for all that was noted."""
    lanes = lanes_with({})
    lanes.note("a", NOW + 5)
    lanes.note("a", NOW + 2)
    assert (lanes.take(NOW + 1), lanes.next_due()) == ({}, NOW + 2)
    assert lanes.take(NOW + 2) == {"a": 20}
    lanes.taken("a", 20, 0, None)
    assert (lanes.take(NOW + 9), lanes.next_due()) == ({}, None)


def test_a_lane_has_room_for_so_many_at_once() -> None:
    """A hung lane is parked and not looked at again until something comes back."""
    lanes = lanes_with({"a": Room(2)})
    lanes.note("a", NOW)
    slots = claimed(lanes, NOW, counts := {"a": 5})
    assert (len(slots), lanes.take(NOW), lanes.counts()["parked"], lanes.next_due()) == (2, {}, 1, None)
    lanes.release(slots[0])
    assert (lanes.next_due(), len(claimed(lanes, NOW, counts))) == (0, 1)


def test_a_lane_within_another_shares_its_room() -> None:
    """It takes its own part at most, of what the other leaves; what the other gives back is for it too."""
    lanes = lanes_with({"a": Room(4), "a@replay": Room(2, within="a", whole=4)})
    lanes.note("a@replay", NOW)
    replayed = claimed(lanes, NOW, counts := {"a": 3, "a@replay": 9})
    assert [slot.lane for slot in replayed] == ["a@replay", "a@replay"]
    lanes.note("a", NOW)
    fresh = claimed(lanes, NOW, counts)
    assert (len(fresh), lanes.in_flight("a"), lanes.take(NOW)) == (2, 4, {})
    lanes.release(replayed[0])
    assert (lanes.in_flight("a"), lanes.in_flight("a@replay")) == (3, 1)
    assert [slot.lane for slot in claimed(lanes, NOW, counts)] in (["a"], ["a@replay"])


def test_a_host_is_shared_by_its_lanes() -> None:
    """Lanes that send to one host have its room together; other hosts have their own."""
    rooms = {"a": Room(20, "h"), "b": Room(20, "h"), "c": Room(20, "g")}
    lanes = lanes_with(rooms, Rooms(host=3))
    for lane in rooms:
        lanes.note(lane, NOW)
    counts = {"a": 2, "b": 9, "c": 9}
    taken = claimed(lanes, NOW, counts)
    assert sorted(slot.lane for slot in taken) == ["a", "a", "c", "c", "c"]
    assert len([slot for slot in claimed(lanes, NOW, counts) if slot.host == "h"]) == 1
    lanes.release(next(slot for slot in taken if slot.lane == "a"))
    assert [slot.lane for slot in claimed(lanes, NOW, counts)] == ["b"]


def test_a_full_node_holds_no_scheduled_event_up() -> None:
    """Scheduled events know no host and do not count: a thousand hung requests cost them nothing, later ones too."""
    lanes = lanes_with({"p@event": Room(500, counts=False)}, Rooms(node=3))
    for lane in ("a", "b"):
        lanes.note(lane, NOW)
    slots = claimed(lanes, NOW, {"a": 3, "b": 3})
    assert (len(slots), lanes.in_flight()) == (3, 3)
    lanes.note("p@event", NOW + 5)
    assert lanes.take(NOW) == {}
    assert lanes.next_due() == NOW + 5
    assert lanes.take(NOW + 5) == {"p@event": 500}
    lanes.taken("p@event", 500, 0, None)
    lanes.release(slots[0])
    assert list(lanes.take(NOW + 5)) == ["b"]


def test_lanes_take_turns() -> None:
    """Round robin: who had a turn stands at the end, whoever has more due."""
    lanes = lanes_with({}, Rooms(trigger=1, node=1))
    counts = {"a": 3, "b": 1, "c": 2}
    for lane in counts:
        lanes.note(lane, NOW)
    order: list[str] = []
    while any(counts.values()):
        for slot in claimed(lanes, NOW, counts):
            order.append(slot.lane)
            lanes.release(slot)
    assert order[:3] == ["a", "b", "c"]
    assert sorted(order) == ["a", "a", "a", "b", "c", "c"]


def test_a_disabled_lane_waits_until_rules_change() -> None:
    """No room at all: parked, woken by a change, parked again where nothing is better."""
    rooms = {"a": Room(0)}
    lanes = lanes_with(rooms)
    lanes.note("a", NOW)
    assert (lanes.take(NOW), lanes.oldest_due()) == ({}, NOW)
    lanes.wake()
    assert (lanes.take(NOW), lanes.counts()["parked"]) == ({}, 1)
    rooms["a"] = Room(20)
    lanes.wake()
    assert lanes.take(NOW) == {"a": 20}


def test_room_is_reserved_only_where_nobody_waits() -> None:
    """A fresh delivery goes first where nothing is due before it (noted, queued, parked) and there is room."""
    room = Room(1, "h")
    lanes = lanes_with({"a": room})
    slot = lanes.reserve("a", room, NOW)
    assert slot == Slot("a", "h", counts=True)
    assert lanes.reserve("a", room, NOW) is None
    lanes.note("a", NOW + 1)
    lanes.release(slot)
    assert lanes.reserve("a", room, NOW + 1) is None
    early = lanes.reserve("a", room, NOW)
    assert early is not None
    assert lanes.take(NOW + 1) == {}
    lanes.release(early)
    assert lanes.reserve("a", room, NOW) is None
    assert lanes.reserve("b", Room(0), NOW) is None


def test_room_under_a_claim_is_nobody_elses() -> None:
    """While a claim is under way, all that the lane has is granted to it."""
    room = Room(2)
    lanes = lanes_with({"a": room})
    lanes.note("a", NOW)
    assert lanes.take(NOW) == {"a": 2}
    assert lanes.reserve("a", room, NOW) is None
    lanes.taken("a", 2, 1, None)
    assert lanes.reserve("a", room, NOW) is not None


def test_one_pass_claims_no_more_than_a_step() -> None:
    """A claim is one commit: many projects' scheduled lanes together get at most the rows of a bulk verb."""
    lanes = lanes_with({f"{n}@event": Room(500, counts=False) for n in range(64)})
    for n in range(64):
        lanes.note(f"{n}@event", NOW)
    first = lanes.take(NOW)
    assert (sum(first.values()), len(first), lanes.next_due()) == (STEP, 10, 0)


def test_the_heap_does_not_grow_with_what_was_noted() -> None:
    """A lane that is noted again and again costs memory once."""
    lanes = lanes_with({})
    for n in range(100_000):
        lanes.note("a", 10_000_000 - n)
    assert len(lanes._heap) <= 2_000
    assert lanes.next_due() == 10_000_000 - 99_999


STEPS = st.lists(
    st.tuples(st.sampled_from(["note", "pass", "release", "reserve"]), st.integers(0, 5), st.integers(0, 3)),
    max_size=60,
)


@given(STEPS, st.integers(1, 4), st.integers(1, 6), st.integers(1, 8))
def test_room_is_never_exceeded_and_never_lost(
    steps: list[tuple[str, int, int]], of_lane: int, of_host: int, of_node: int
) -> None:
    """Whatever happens in whatever order: no limit is broken, and in the end everything that is owed was claimed."""
    names = [f"l{n}" for n in range(6)]
    rooms = {name: Room(of_lane, f"h{n % 2}") for n, name in enumerate(names)}
    lanes = lanes_with(rooms, Rooms(of_lane, of_host, of_node))
    owed, held = dict.fromkeys(names, 0), list[Slot]()
    for what, which, count in steps:
        lane = names[which]
        if what == "note" and count:
            owed[lane] += count
            lanes.note(lane, NOW)
        elif what == "pass":
            held += claimed(lanes, NOW, owed)
        elif what == "release" and held:
            lanes.release(held.pop(which % len(held)))
        elif what == "reserve" and (slot := lanes.reserve(lane, rooms[lane], NOW)) is not None:
            assert owed[lane] == 0
            held.append(slot)
        assert len(held) == lanes.in_flight() <= of_node
        assert all(sum(slot.lane == name for slot in held) <= of_lane for name in names)
        assert all(sum(slot.host == host for slot in held) <= of_host for host in ("h0", "h1"))
    for _ in range(400):
        for slot in held:
            lanes.release(slot)
        held = claimed(lanes, NOW, owed)
    assert not any(owed.values())
    assert (lanes.in_flight(), lanes.counts()) == (0, {"waiting": 0, "due": 0, "parked": 0})
