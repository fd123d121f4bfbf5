"""Hides where things are kept, behind the verbs of the trade: the protocol that every store fulfils (design section 5).

What each verb means is told here in words, by `store/memory.py` in code, and by `tests/contract/` in proof.
Every verb is atomic. Times are milliseconds UTC and come from the caller. No rule of the trade lives in a store:
planning is a function that the store calls in the writer's own turn, with the write lock held.

Errors: EnsueError `unavailable` (with `retry_after`) when nothing can be written or read now (disk full, store closed);
nothing of the verb has then happened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from ensue.domain.delivery import Attempt, Delivery, Entry, Outcome, State
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.finding import Sought
from ensue.domain.tally import Tally, TallyQuery
from ensue.domain.thread import Thread
from ensue.store.derived import Followed
from ensue.store.past import Past, Stretch
from ensue.store.streaks import Streaks

Changes = Callable[[int], Sequence[Document]]
"""`changes(revision)`: the rules (documents of the kinds in `RULES`) changed after `revision`, marks of deleted ones
included, in the order of their `change`. Cheap when there are none. Only valid while the call that got it runs."""

Plan = Callable[[Changes], Sequence[Entry]]
"""Called at most once, in the writer's turn, with the write lock held: what it returns is committed, or nothing is."""

Decision = Callable[[Changes], Sequence[Outcome]]
"""The same for outcomes."""


class Receipt(Struct, frozen=True, gc=False):
    """What became of an entry.

    `stored`: in the log (with its `cursor`), or staged (without). `duplicate`: `event_id` is the first one's, nothing
    was stored. `mismatch`: the same promise with another body. `conflict`: a document had another revision.
    """

    status: Literal["stored", "duplicate", "mismatch", "conflict"]
    event_id: str
    cursor: str | None = None

    def refusal(self) -> EnsueError:
        """Why nothing was kept, for a receipt that is neither `stored` nor a `duplicate`."""
        if self.status == "mismatch":
            message = (
                "This idempotency key was used within 24 hours for an event with another body "
                f"({self.event_id}); use a new key for a new event."
            )
            return EnsueError("mismatch", message, "idempotency_key")
        return EnsueError("conflict", "Something that this event depends on was changed meanwhile; send it again.")


Verdict = Literal["accepted", "late", "conflict"]
"""What became of an outcome. `late`: the claim is not held any more; only the attempt was kept, marked late.
`conflict`: a document had another revision; nothing was kept."""


class Reading(Struct, frozen=True):
    """Committed events in the order of the log, each with its cursor; `cursor` is where to go on.

    `gap`: the cursor asked for was of another epoch, or older than the log; this begins with the oldest.
    """

    events: Sequence[tuple[str, Event]]
    cursor: str
    gap: bool = False


class Claimed(Struct, frozen=True, gc=False):
    """A delivery that is now the caller's, with its event (None when the event was removed, or is in the payload)."""

    delivery: Delivery
    event: Event | None


class Claims(Struct, frozen=True):
    """What a claim got, and for each lane that still has pending deliveries when the earliest of them is due
    (those just claimed count, by the end of their claim)."""

    claimed: Sequence[Claimed]
    due: Mapping[str, int]


class LaneDue(Struct, frozen=True):
    """A lane with its earliest pending delivery."""

    lane: str
    due_at: int


class EventQuery(Struct, frozen=True, kw_only=True):
    """A page of the log of one project, newest first. `type` is a pattern; `since` (included) and `until` bound `time`.

    None means any; `actions` is whether the card has buttons. `words` are those of a question (`domain/words.py`), none
    of them asks for nothing; what was committed just now is found when the store has caught up with it. `without` is
    how types begin that are left out. `feed`: only events that are not another's children (`domain/thread.py`) nor the
    platform's own. `before` is a `next` of an earlier page.
    """

    project: str
    type: str | None = None
    subject: str | None = None
    category: str | None = None
    context: str | None = None
    tenant: str | None = None
    idempotency_key: str | None = None
    since: int | None = None
    until: int | None = None
    test: bool | None = None
    muted: bool | None = None
    notify: bool | None = None
    actions: bool | None = None
    avatar: str | None = None
    without: str | None = None
    feed: bool = False
    words: Sequence[str] = ()
    before: str | None = None
    limit: int = 50


class DeliveryQuery(Struct, frozen=True, kw_only=True):
    """A page of the deliveries of one project, newest first. `since`/`until` bound `created_at`, since included, and
    `ended_since`/`ended_until` in the same way when they ended; what is pending has not.

    `kind` is the one meant, `without` one that is left out; `sought` are words (`domain/finding.py`), None for none.
    """

    project: str
    state: State | None = None
    trigger: str | None = None
    event_id: str | None = None
    kind: str | None = None
    without: str | None = None
    replay: str | None = None
    since: int | None = None
    until: int | None = None
    ended_since: int | None = None
    ended_until: int | None = None
    sought: Sought | None = None
    before: str | None = None
    limit: int = 50


class EventPage(Struct, frozen=True):
    """Events newest first; `next` goes on (also where the page is short: it scanned its share), None at the end."""

    items: Sequence[Event]
    next: str | None = None


class DeliveryPage(Struct, frozen=True):
    """Deliveries newest first; `next` as in `EventPage`."""

    items: Sequence[Delivery]
    next: str | None = None


class Selection(Struct, frozen=True, kw_only=True):
    """Which pending (or ended) deliveries of a project a bulk verb means: all that fit every field given."""

    project: str
    ids: Sequence[str] | None = None
    lane: str | None = None
    event_id: str | None = None
    replay: str | None = None
    created_before: int | None = None


class Cancelled(Struct, frozen=True):
    """How many deliveries were cancelled, and the ids of those that were in flight (their fence is raised)."""

    count: int
    in_flight: Sequence[str] = ()


class Pruned(Struct, frozen=True):
    """How many rows went, and where to go on (None: nothing is left to look at)."""

    removed: int
    next: str | None = None


class Health(Struct, frozen=True):
    """What a store says of itself. `problems` are sentences that name the thing and the way out."""

    writable: bool
    problems: Sequence[str] = ()
    bytes_used: int | None = None
    commits: int = 0
    commit_seconds: float = 0.0
    committed_rows: int = 0


STEP = 5_000
"""The most rows that a bulk verb touches in one call."""


class Store(Streaks, Protocol):
    """Where events, debts and documents are kept; built from a directory or an address by its own constructor."""

    # life

    async def open(self, now: int) -> None:
        """Begin to serve: take the place for this process, migrate, void the claims of whoever had it before
        (their deliveries are due at `now`).

        EnsueError `conflict` when another server holds it, `unavailable` when it cannot be used, saying why.
        """

    async def open_beside(self) -> None:
        """Begin to read and write beside the server, if one runs: nobody's place is taken and no claim is touched.

        EnsueError `conflict` when the data are of an older release and a server runs, `invalid` when what the store
        holds lives in its server alone.
        """

    async def close(self) -> None:
        """Finish what was asked for and let go; later calls raise `unavailable`."""

    async def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last `wait` of this handle returned
        (by this process or another), False after `timeout` seconds. One waiter at a time."""

    async def backup(self, path: str) -> None:
        """Write one consistent snapshot to the new file `path`, mode 0600, with an epoch of its own.

        EnsueError `conflict` when the file exists.
        """

    async def prune(self, project: str, before: int, test_before: int, after: str | None, limit: int) -> Pruned:
        """Remove up to `limit` (at most STEP) old rows: events that came into the log before `before` (test events:
        `test_before`) and owe nothing, deliveries ended before `before` with their attempts, promises long expired."""

    async def health(self, now: int) -> Health:
        """Whether it can be written now (tried by writing), and what is wrong or will be soon."""

    # views: what is derived from the log, after the commit

    async def catch_up(self, limit: int) -> Followed:
        """Take up to `limit` events into search and counts that were appended, or let go of those that were removed;
        each exactly once, whoever calls, and wherever an earlier call was cut off."""

    async def behind(self) -> int:
        """How many events the log is ahead of search and counts, about."""

    async def tallies(self, query: TallyQuery) -> Sequence[Tally]:
        """How many events or deliveries there are in each group (`domain/tally.py`), in no order; groups without any
        are left out, and those beyond the `most` largest are one. Deliveries are counted in the commit in which they
        end, events when the store has caught up."""

    async def derive_anew(self) -> None:
        """Forget what was derived; `catch_up` makes it anew."""

    # log

    async def append(self, plan: Plan) -> Sequence[Receipt]:
        """Commit what `plan` returns, a receipt for each entry in order; on disk when this returns.

        An entry is all or nothing; one that is refused leaves the others alone. Entries see those before them.
        A promise (`Once`) holds 24 hours by the event's `received_at`.
        """

    async def head(self) -> str:
        """The cursor of the newest committed event."""

    async def read(self, after: str | None, limit: int) -> Reading:
        """Up to `limit` committed events after the cursor, of all projects, in order; None is from the oldest.

        Never passes over an event that is committed later with an earlier cursor.
        """

    async def events(self, project: str, ids: Sequence[str]) -> Sequence[Event]:
        """Those of `ids` that are in the log, in no order."""

    async def page(self, query: EventQuery) -> EventPage:
        """One page of the log; scans at most 50,000 rows and may be short. Children are not rows of the feed."""

    async def past(self, query: Past) -> Stretch:
        """The next stretch of the past. Deliveries and events that come after its `end` was told are not in it."""

    async def threads(self, project: str, contexts: Sequence[str]) -> Mapping[str, Thread]:
        """The threads of these contexts; those without an event, and events that nobody answered, are left out.

        A thread is kept by `append`, `settle`, `remove` and `prune`, in their own commit, as `domain/thread.py` tells.
        """

    async def remove(self, project: str, event_id: str, now: int) -> bool:
        """Remove the event for good, cancelling what is still owed for it ('event removed', fences raised);
        deliveries and attempts stay. False when there is none."""

    # debts

    async def claim(self, rooms: Mapping[str, int], now: int, until: int) -> Claims:
        """Claim up to `rooms[lane]` due deliveries of each lane, oldest due first: `claim` and `lost` +1,
        `claimed_until` and `due_at` to `until`."""

    async def renew(self, claims: Sequence[tuple[str, int]], until: int) -> Sequence[str]:
        """Move `claimed_until` and `due_at` of these (delivery, claim) pairs to `until`, also where the claim has
        run out; returns the delivery ids that are still held by that claim number."""

    async def settle(self, decision: Decision, patience: float = 0.0) -> Sequence[Verdict]:
        """Commit outcomes, a verdict for each in order: the delivery, its attempt, what follows, what it emits and
        the documents it changes are all or nothing. Refused as `late` unless the delivery is pending and held by
        that claim, run out or not. It may wait for up to `patience` seconds to go with another commit."""

    async def owe(self, deliveries: Sequence[Delivery], puts: Sequence[Put]) -> None:
        """Commit further deliveries (without a payload) for events that are in the log already, and the documents that
        change with them, or nothing.

        EnsueError `conflict` as for `put`.
        """

    async def due(self, lane: str, now: int, most: int) -> int:
        """How many pending deliveries of a lane are due and not claimed at `now`; counts no further than `most`."""

    async def unarrived(self, replay: str) -> Mapping[State, int]:
        """How many deliveries of a replay are pending, dead and cancelled."""

    async def lanes(self, after: str | None, limit: int) -> Sequence[LaneDue]:
        """Up to `limit` lanes with pending deliveries, by name after `after`, each with its earliest due time."""

    async def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """One page of deliveries; scans at most 50,000 rows, fewer where words are looked for, and may be short."""

    async def delivery(self, project: str, delivery_id: str) -> Delivery | None:
        """One delivery."""

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """The attempts of a delivery, oldest first."""

    async def reschedule(self, selection: Selection, due_at: int, now: int, extra: int | None) -> Sequence[Delivery]:
        """Make up to STEP of the selected deliveries, but those in flight at `now` or delivered, pending and due at
        `due_at`; `extra` allows so many more tries beyond those used. Returns them as they are now."""

    async def cancel(self, selection: Selection, reason: str, now: int) -> Cancelled:
        """Cancel up to STEP of the selected pending deliveries with `reason`, raising the fence of those in flight.
        Cancelling a scheduled event frees its idempotency key."""

    # documents

    async def get(self, kind: str, project: str, document_id: str) -> Document | None:
        """The document as it is now."""

    async def documents(self, kind: str, project: str, ids: Sequence[str]) -> Sequence[Document]:
        """Those of `ids` that there are, in no order."""

    async def find(self, kind: str, alias: str) -> Document | None:
        """The document with that alias, in whatever project."""

    async def list(
        self,
        kind: str,
        project: str | None,
        before: str | None,
        limit: int,
        *,
        after: str | None = None,
        upwards: bool = False,
    ) -> Sequence[Document]:
        """Up to `limit` documents of a kind, newest id first (`upwards`: oldest first), those with an id below `before`
        and above `after`; None is all projects."""

    async def count(self, kind: str, project: str, after: str | None, before: str | None, most: int) -> int:
        """How many documents of a kind have an id between the two; counts no further than `most`."""

    async def put(self, puts: Sequence[Put]) -> Sequence[Document]:
        """Commit all of the changes or none; returns the documents with their new revisions.

        EnsueError `conflict` when a revision is not the one expected, or an alias is taken.
        """

    async def changes(self, revision: int) -> Sequence[Document]:
        """The rules changed after `revision`, as `Changes`."""


class StoreFactory(Protocol):
    """How a store is made from its address; what the entry point group `ensue.stores` names."""

    def __call__(self, address: str) -> Store:
        """A store that is not open yet."""


def lanes_of(deliveries: Iterable[Delivery]) -> dict[str, int]:
    """The earliest due time of each lane among `deliveries` that are pending."""
    found: dict[str, int] = {}
    for delivery in deliveries:
        if delivery.state == "pending" and delivery.due_at < found.get(delivery.lane, delivery.due_at + 1):
            found[delivery.lane] = delivery.due_at
    return found
