"""Hides what must hold after a blow: what clients heard, what receivers got and what the data file says are compared.

The file is opened read-only beside the server: what it claimed is nowhere else to be seen.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ensue.testing import Received

PENDING = 0
DELIVERED = 1


class Owed(Struct, frozen=True):
    """A delivery as the file has it."""

    id: str
    event: str
    state: int
    claim: int
    tries: int
    replay: str | None


def opened(file: Path) -> sqlite3.Connection:
    """A data file, to read beside its server."""
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)


class Ledger:
    """What clients know by the names that they gave (`subject`), since the beginning and in this round."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.accepted: dict[str, str] = {}
        self.asked: set[str] = set()
        self.refused: list[str] = []
        self.resent = 0
        self.replay = ""
        self._number = self._cursor = 0

    def begin_round(self) -> None:
        """Forget the round before; its deliveries have ended."""
        with self._open() as database:
            self._number = database.execute("SELECT coalesce(max(number), 0) FROM delivery").fetchone()[0]
            self._cursor = database.execute("SELECT coalesce(max(cursor), 0) FROM event").fetchone()[0]
        self.accepted, self.asked, self.refused, self.resent = {}, set(), [], 0

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(opened(self._file))

    def owed(self) -> Sequence[Owed]:
        """The deliveries of this round that send something."""
        text = "SELECT id, event_id, state, claim, tries, replay FROM delivery WHERE number > ? AND kind = 'webhook'"
        with self._open() as database:
            return [Owed(*row) for row in database.execute(text, (self._number,))]

    def pending(self) -> int:
        """How many deliveries are not ended, scheduled events too."""
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM delivery WHERE state = ?", (PENDING,)).fetchone()[0])

    def replaying(self) -> bool:
        """Whether the replay of this round still runs."""
        with self._open() as database:
            text = "SELECT body FROM document WHERE kind = 'replay' AND id = ?"
            kept = json.loads(database.execute(text, (self.replay,)).fetchone()[0])
        return bool(kept.get("state", "running") == "running")

    def replay_violations(self, count: int) -> list[str]:
        """What does not hold of this round's replay of `count` events, as sentences."""
        events = Counter(one.event for one in self.owed() if one.replay == self.replay)
        strange = {one.replay for one in self.owed()} - {None, self.replay}
        return [
            *(f"{event} was replayed {times} times" for event, times in events.items() if times != 1),
            *([] if len(events) == count else [f"{len(events)} of {count} events were replayed"]),
            *(f"the replay {replay} went on after its end" for replay in strange),
        ]

    def logged(self) -> dict[str, list[str]]:
        """The ids in the log of each event that was asked for in this round."""
        found: dict[str, list[str]] = {name: [] for name in self.asked}
        with self._open() as database:
            for subject, event in database.execute("SELECT subject, id FROM event WHERE cursor > ?", (self._cursor,)):
                found.setdefault(subject, []).append(event)
        return found

    def order(self) -> list[str]:
        """The ids of all events of this round, in the order of the log."""
        with self._open() as database:
            rows = database.execute("SELECT id FROM event WHERE cursor > ? ORDER BY cursor", (self._cursor,))
            return [row[0] for row in rows]

    def violations(self, received: Sequence[Received], seen: Sequence[str], *, killed: bool) -> list[str]:
        """What does not hold, as sentences; `seen` is what a reader of the stream heard. Nothing may be pending."""
        logged, owed = self.logged(), self.owed()
        posts = Counter(one.headers["webhook-id"] for one in received)
        return [
            *(f"{name} was refused: {why}" for name, why in (one.split(" ", 1) for one in self.refused)),
            *_log_violations(self.accepted, logged),
            *_debt_violations(
                [one for one in owed if one.replay is None], {event for ids in logged.values() for event in ids}
            ),
            *_post_violations(owed, posts, killed=killed),
            *_stream_violations(seen, self.order()),
        ]


def _log_violations(accepted: dict[str, str], logged: dict[str, list[str]]) -> Iterator[str]:
    for name, ids in logged.items():
        if len(ids) > 1:
            yield f"{name} is {len(ids)} times in the log"
        if name in accepted and accepted[name] not in ids:
            yield f"{name} was accepted as {accepted[name]}, but the log has {ids}"


def _debt_violations(owed: Sequence[Owed], logged: set[str]) -> Iterator[str]:
    owing = Counter(one.event for one in owed)
    for event in logged:
        if owing[event] != 1:
            yield f"{event} owes {owing[event]} deliveries, not one"
    for one in owed:
        if one.event not in logged:
            yield f"{one.id} is owed for {one.event}, of which nobody knows"


def _post_violations(owed: Sequence[Owed], posts: Counter[str], *, killed: bool) -> Iterator[str]:
    known = {one.id for one in owed}
    yield from (f"{delivery} was received, but is not in the file" for delivery in posts.keys() - known)
    for one in owed:
        if one.state != DELIVERED:
            yield f"{one.id} ended in state {one.state}"
        count = posts[one.id]
        if not count:
            yield f"{one.id} counts as delivered, but nobody received it"
        if count > one.claim:
            yield f"{one.id} was received {count} times and claimed {one.claim} times"
        if not killed and count != one.tries:
            yield f"{one.id} was received {count} times and tried {one.tries} times, though nobody died"


def _stream_violations(seen: Sequence[str], order: Sequence[str]) -> Iterator[str]:
    if list(seen) != list(order):
        missed, unknown = len(set(order) - set(seen)), len(set(seen) - set(order))
        yield f"the stream told of {len(seen)} events for {len(order)}: {missed} missed, {unknown} not in the log"
