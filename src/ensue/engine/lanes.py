"""Hides which lane may go next: a heap of due times, a queue of lanes that are due, and the room that each has.

Room is counted per lane, per receiving host and per node (design section 5). A lane without room is parked under what
it lacks and comes back when that is given back, so a hung endpoint's backlog is never looked at again and again.
Planning reserves room in the writer's turn while the event loop gives it back, hence the lock.
"""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from ensue.store.base import STEP

_NODE: Final = ""
_LANES_A_PASS: Final = 64
_AHEAD: Final = 3
"""So many times its room may be claimed ahead for a lane whose receiver answers quickly."""
_MANY: Final = 2
"""So many times its room is worth a claim while it has something to do."""
_LEFT: Final = 0.25
"""This part of the room of host and node is never taken by what is claimed ahead: other lanes begin with it."""
_STALE: Final = 1_000
"""So many entries of the heap may be out of date before it is made anew."""


class Room(Struct, frozen=True):
    """What limits a lane: tries at once (0: none, it is disabled), and the host that shares `Rooms.host`. One that has
    its room `within` that of another lane takes of the `whole` that this one may run at once."""

    lane: int
    host: str | None = None
    counts: bool = True
    within: str | None = None
    whole: int = 0


class Rooms(Struct, frozen=True):
    """How many deliveries may be under way at once per trigger, project and host, node; and scheduled events."""

    trigger: int = 20
    host: int = 100
    node: int = 1_000
    scheduled: int = 500


class Slot(Struct, frozen=True):
    """Room that was taken, to be given back with `Lanes.release`."""

    lane: str
    host: str | None
    counts: bool
    within: str | None = None


class Lanes:
    """Lanes with something due, and the room that is left.

    A lane is known in at most one of three places: waiting for its time (`_earliest`), due (`_due`), or parked under
    the name of what it lacks (`_parked`, and `_lacking` the other way round). `_since` says for how long the last two.
    `_enough` is what a lane may at most have under way to be worth another claim, where it is parked for having more.
    """

    def __init__(self, room_of: Callable[[str], Room], rooms: Rooms) -> None:
        self._room_of = room_of
        self._rooms = rooms
        self._lock = threading.Lock()
        self._earliest: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._due: deque[str] = deque()
        self._since: dict[str, int] = {}
        self._parked: dict[str, dict[str, None]] = {}
        self._lacking: dict[str, str] = {}
        self._enough: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._granted: dict[str, Room] = {}
        self._quick: set[str] = set()

    def note(self, lane: str, due_at: int) -> None:
        """Something in `lane` is due at `due_at`."""
        with self._lock:
            since = self._since.get(lane)
            if since is not None:
                self._since[lane] = min(since, due_at)
            elif due_at < self._earliest.get(lane, due_at + 1):
                self._earliest[lane] = due_at
                heapq.heappush(self._heap, (due_at, lane))
                if len(self._heap) > 2 * len(self._earliest) + _STALE:
                    self._heap = [(due, name) for name, due in self._earliest.items()]
                    heapq.heapify(self._heap)

    def pace(self, lane: str, *, quick: bool) -> None:
        """Whether the receiver of `lane` answers quickly: then several times what it may run is claimed ahead."""
        if quick:
            self._quick.add(lane)
        else:
            self._quick.discard(lane)

    def next_due(self) -> int | None:
        """When the next lane that is not parked comes due; 0 for at once, None for never."""
        with self._lock:
            if self._due:
                return 0
            return self._heap[0][0] if self._heap else None

    def take(self, now: int) -> dict[str, int]:
        """Lanes that are due and have room, round robin, each with its room; the room is theirs until `taken`.

        All together they get at most `STEP`, since a claim is one commit.
        """
        found: dict[str, int] = {}
        left = STEP
        with self._lock:
            self._queue_due(now)
            for _ in range(min(len(self._due), _LANES_A_PASS)):
                lane = self._due.popleft()
                room = self._room_of(lane)
                free, lacks = self._free(lane, room)
                if lane in self._quick and room.within is None:
                    free, lacks = self._free_ahead(lane, room, free, lacks)
                if free <= 0:
                    self._parked.setdefault(lacks, {})[lane] = None
                    self._lacking[lane] = lacks
                    continue
                del self._since[lane]
                self._granted[lane] = room
                found[lane] = min(free, left)
                self._add(lane, room, found[lane])
                left -= found[lane]
                if left == 0:
                    break
        return found

    def taken(self, lane: str, room: int, claimed: int, due_at: int | None) -> Slot:
        """Of the `room` that `take` gave to `lane`, `claimed` is in use; its next delivery is due at `due_at`.

        Returns the slot to release once for each of the claimed.
        """
        with self._lock:
            granted = self._granted.pop(lane)
            slot = Slot(lane, granted.host, granted.counts, granted.within)
            self._give_back(slot, room - claimed)
        if due_at is not None:
            self.note(lane, due_at)
        return slot

    def reserve(self, lane: str, room: Room, now: int, *, ahead: bool = False) -> Slot | None:
        """Room for a fresh delivery of `lane` that nobody needs to claim, or None: no room, or older ones are due.

        One that somebody waits for goes `ahead` of those.
        """
        with self._lock:
            if not ahead and (lane in self._since or self._earliest.get(lane, now + 1) <= now):
                return None
            if self._free(lane, room)[0] <= 0:
                return None
            self._add(lane, room, 1)
        return Slot(lane, room.host, room.counts, room.within)

    def release(self, slot: Slot) -> bool:
        """Give back room; lanes that lacked it are due again. Whether any is due now."""
        with self._lock:
            self._give_back(slot, 1)
            return bool(self._due)

    def wake(self) -> None:
        """Look at every parked lane again: rules changed."""
        with self._lock:
            for lacking in list(self._parked):
                self._unpark(lacking)

    def in_flight(self, lane: str | None = None) -> int:
        """Deliveries under way, of one lane or of this node."""
        return self._taken.get(lane or _NODE, 0)

    def counts(self) -> Mapping[str, int]:
        """How many lanes are `waiting` for a time, `due`, or `parked` without room."""
        with self._lock:
            return {"waiting": len(self._earliest), "due": len(self._due), "parked": len(self._lacking)}

    def oldest_due(self) -> int | None:
        """The earliest due time that is known, of lanes that wait for room too."""
        with self._lock:
            waiting = [self._heap[0][0]] if self._heap else []
            return min([*self._since.values(), *waiting], default=None)

    def _queue_due(self, now: int) -> None:
        while self._heap and self._heap[0][0] <= now:
            due_at, lane = heapq.heappop(self._heap)
            if self._earliest.get(lane) == due_at:
                del self._earliest[lane]
                self._since[lane] = due_at
                self._due.append(lane)

    def _free(self, lane: str, room: Room) -> tuple[int, str]:
        """How much room `lane` has, and under what to park it if none."""
        free, lacks = room.lane - self._taken.get(lane, 0), lane
        if room.within is not None:
            of_whole = room.whole - self._taken.get(room.within, 0)
            if of_whole < free:
                free, lacks = of_whole, room.within
        if room.host is not None:
            of_host = self._rooms.host - self._taken.get(room.host, 0)
            if of_host < free:
                free, lacks = of_host, room.host
        if room.counts:
            of_node = self._rooms.node - self._taken.get(_NODE, 0)
            if of_node < free:
                free, lacks = of_node, _NODE
        return free, lacks

    def _free_ahead(self, lane: str, room: Room, free: int, lacks: str) -> tuple[int, str]:
        """The same for a quick lane, which has `free` of its own. A claim is a commit, so it is worth one only when few
        are left, or many can be had: until then the lane is parked under itself."""
        has = self._taken.get(lane, 0)
        more = room.lane * (1 + _AHEAD) - has
        if room.host is not None:
            more = min(more, int(self._rooms.host * (1 - _LEFT)) - self._taken.get(room.host, 0))
        if room.counts:
            more = min(more, int(self._rooms.node * (1 - _LEFT)) - self._taken.get(_NODE, 0))
        if has >= room.lane > 0 and more < room.lane * _MANY:
            self._enough[lane] = room.lane * (1 + _AHEAD - _MANY)
            return 0, lane
        return max(free, more), lacks

    def _add(self, lane: str, room: Room, count: int) -> None:
        for name in (lane, room.within, room.host, _NODE if room.counts else None):
            if name is not None:
                self._taken[name] = self._taken.get(name, 0) + count

    def _give_back(self, slot: Slot, count: int) -> None:
        if count <= 0:
            return
        for name in (slot.lane, slot.within, slot.host, _NODE if slot.counts else None):
            if name is None:
                continue
            left = self._taken.get(name, 0) - count
            if left > 0:
                self._taken[name] = left
            else:
                self._taken.pop(name, None)
            if name in self._parked and left <= self._enough.get(name, left):
                self._unpark(name)

    def _unpark(self, lacking: str) -> None:
        self._enough.pop(lacking, None)
        for lane in self._parked.pop(lacking):
            del self._lacking[lane]
            self._due.append(lane)
