"""Whatever is done in whatever order, the SQLite store and the memory store answer the same."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from ensue.domain.delivery import Delivery, Entry, Failed, Interrupted, Later, Result, Retry, Sent, Skipped
from ensue.domain.event import Card, Context
from ensue.domain.finding import Sought
from ensue.domain.streak import Heard
from ensue.domain.tally import TallyQuery
from ensue.store.base import DeliveryQuery, EventQuery, Selection, Store
from ensue.store.memory import MemoryStore
from ensue.store.past import Past
from ensue.store.sqlite import SqliteStore
from tests.contract.builders import NOW, OTHER, PROJECT, delivery, entry, once, outcome, put, scheduled

LANES = ["trigger:one", "trigger:two"]
NAMES = ["a", "b", "c"]
HOUR = 3_600_000

lanes = st.lists(st.sampled_from(LANES), max_size=3)
promises = st.lists(st.sampled_from([once(name, body) for name in NAMES for body in ("", "x", "y")]), max_size=2)
contexts = st.sampled_from(["none", "a", "b", "of an event"])
puts = st.lists(
    st.builds(
        put,
        st.sampled_from(NAMES),
        st.sampled_from([None, 0, 1, 2]),
        kind=st.sampled_from(["trigger", "note"]),
        alias=st.sampled_from([None, "x", "y"]),
        body=st.sampled_from([b"{}", b"[]", b""]),
    ),
    max_size=2,
)
results: st.SearchStrategy[Result] = st.sampled_from(
    [
        Sent(),
        Failed("no"),
        Failed("never", permanent=True),
        Later(NOW + 40 * HOUR, "full"),
        Skipped("gone"),
        Interrupted(),
    ]
)


def comparable(answer: Any) -> Any:
    """An answer without the name of its log, and without an order where none is promised."""
    if isinstance(answer, str) and "." in answer:
        return answer.partition(".")[2]
    if isinstance(answer, list | tuple):
        return [comparable(one) for one in answer]
    if hasattr(answer, "__struct_fields__"):
        return [type(answer).__name__, *(comparable(getattr(answer, name)) for name in answer.__struct_fields__)]
    return bytes(answer) if type(answer).__name__ == "Raw" else answer


class Stores(RuleBasedStateMachine):
    """Two stores to which the same is done."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.mkdtemp(prefix="ensue-test-")
        self.stores: list[Store] = [MemoryStore(), SqliteStore(self.directory)]
        self.now = NOW
        self.held: list[Delivery] = []
        self.known: list[Entry] = []
        self.both(lambda store: store.open(self.now))

    def teardown(self) -> None:
        """Close both and remove the files."""
        self.both(lambda store: store.close())
        self.loop.close()
        shutil.rmtree(self.directory)

    def both(self, do: Callable[[Store], Awaitable[Any]]) -> Any:
        """Do it to both; the answers, or the refusals, are the same."""
        answers = []
        for store in self.stores:
            try:
                answers.append(self.loop.run_until_complete(_awaited(do(store))))
            except Exception as error:  # noqa: BLE001 - compared below
                answers.append((type(error), getattr(error, "code", error)))
        assert comparable(answers[0]) == comparable(answers[1])
        return answers[0]

    @rule(hours=st.sampled_from([0, 1, 7, 13]))
    def time_passes(self, hours: int) -> None:
        """Nothing happens for a while; no two moments are the same."""
        self.now += hours * HOUR + 7

    @rule(lanes=lanes, once=promises, puts=puts, other=st.booleans(), test=st.booleans())
    def append(self, lanes: list[str], once: list[Any], puts: list[Any], other: bool, test: bool) -> None:  # noqa: FBT001 - drawn
        """An event comes in."""
        self.now += 7
        project = OTHER if other else PROJECT
        made = entry(self.now, project=project, once=once, card=Card(test=True) if test else None)
        debts = [delivery(made.event, self.now, lane=lane, due_at=self.now + n) for n, lane in enumerate(lanes)]
        self._append(replace(made, deliveries=tuple(debts), puts=tuple(puts)))

    @rule(once=promises, context=contexts, start=st.booleans())
    def schedule(self, once: list[Any], context: str, start: bool) -> None:  # noqa: FBT001 - drawn
        """An event comes in for later."""
        self.now += 7
        self._append(scheduled(self.now + HOUR, self.now, once=once, context=self._context(context, 0, start)))

    def _context(self, name: str, which: int, start: bool) -> Context | None:  # noqa: FBT001 - drawn
        if name == "none" or (name == "of an event" and not self.known):
            return None
        return Context(self.known[-1 - which % len(self.known)].event.id if name == "of an event" else name, start)

    @rule(context=contexts, start=st.booleans(), which=st.integers(0, 5), own=st.booleans(), test=st.booleans())
    def tell(self, context: str, start: bool, which: int, own: bool, test: bool) -> None:  # noqa: FBT001 - drawn
        """A story goes on: two events of it, in one commit."""
        self.now += 7
        inside = self._context(context, which, start)
        card = Card(test=True) if test else None
        made = entry(self.now, context=inside, card=card, type="ensue.action.done" if own else "told")
        follows = entry(self.now, context=inside or Context(made.event.id))
        self.both(lambda store: store.append(lambda _: [made, follows]))
        self.known += [made, follows]

    def _append(self, made: Entry) -> None:
        again = replace(entry(self.now, once=made.once), puts=made.puts)
        self.both(lambda store: store.append(lambda _: [made, again]))
        self.known.append(made)

    @rule(room=st.sampled_from([1, 50]))
    def claim(self, room: int) -> None:
        """A worker takes what is due."""
        self.now += 7
        rooms = dict.fromkeys([*LANES, f"scheduled:{PROJECT}"], room)
        found = self.both(lambda store: store.claim(rooms, self.now, self.now + 30_000))
        self.held += [one.delivery for one in found.claimed]

    @rule()
    def renew(self) -> None:
        """The worker keeps what it has."""
        self.now += 7
        claims = [(one.id, one.claim) for one in self.held]
        for store in self.stores:
            renewed = self.loop.run_until_complete(_awaited(store.renew(claims, self.now + 30_000)))
            assert set(renewed) <= {one.id for one in self.held}

    @rule(result=results, which=st.integers(0, 5), puts=puts, emit=promises)
    def settle(self, result: Result, which: int, puts: list[Any], emit: list[Any]) -> None:
        """A try ends; perhaps the claim was lost meanwhile."""
        if not self.held:
            return
        self.now += 7
        debt = self.held.pop(which % len(self.held))
        told = replace(
            outcome(debt, result, self.now, Retry(attempts=2)),
            puts=tuple(puts),
            emits=(entry(self.now, once=emit, type="told", context=Context("a", start=bool(emit))),),
            next=(delivery(now=self.now, lane=LANES[0]),),
            heard=Heard(f"trg_{len(puts)}", isinstance(result, Sent), self.now),
        )
        self.both(lambda store: store.settle(lambda _: [told, told]))

    @rule(lane=st.sampled_from([None, *LANES]), extra=st.sampled_from([None, 2]), named=st.booleans())
    def reschedule(self, lane: str | None, extra: int | None, named: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody wants it again."""
        self.now += 7
        selection = Selection(project=PROJECT, lane=lane)
        ids = [one.id for known in self.known[-3:] for one in known.deliveries]
        selected = replace(selection, ids=ids if named else None)
        moved = [
            self.loop.run_until_complete(_awaited(store.reschedule(selected, self.now, self.now, extra)))
            for store in self.stores
        ]
        assert sorted(moved[0], key=lambda one: one.id) == sorted(moved[1], key=lambda one: one.id)

    @rule(lane=st.sampled_from([None, *LANES]), which=st.integers(0, 5))
    def cancel(self, lane: str | None, which: int) -> None:
        """Somebody calls it off."""
        if self.known:
            self.now += 7
            owner = self.known[which % len(self.known)].event
            selection = Selection(project=owner.project, lane=lane, event_id=owner.id)
            self.both(lambda store: store.cancel(selection, "off", self.now))

    @rule(which=st.integers(0, 5))
    def remove(self, which: int) -> None:
        """An event is removed."""
        if self.known:
            self.now += 7
            owner = self.known[which % len(self.known)].event
            self.both(lambda store: store.remove(owner.project, owner.id, self.now))

    @rule(which=st.integers(0, 5), trigger=st.sampled_from([None, "trg_one"]), puts=puts)
    def owe(self, which: int, trigger: str | None, puts: list[Any]) -> None:
        """What happened is owed once more."""
        if self.known:
            self.now += 7
            owner = self.known[which % len(self.known)].event
            debts = [delivery(owner, self.now, lane=LANES[0], trigger=trigger, replay="rpl_1") for _ in range(2)]
            self.both(lambda store: store.owe(debts, puts))

    @rule(puts=puts)
    def put(self, puts: list[Any]) -> None:
        """Things are configured."""
        self.both(lambda store: store.put(puts))

    @rule()
    def reopen(self) -> None:
        """The server is started again."""
        self.both(lambda store: store.close())
        self.now += 7
        self.both(lambda store: store.open(self.now))

    @rule()
    def forget(self) -> None:
        """Views are made anew."""
        self.both(lambda store: store.derive_anew())

    @rule(age=st.sampled_from([0, 10 * HOUR]))
    def prune(self, age: int) -> None:
        """What is old goes."""
        for store in self.stores:
            self.loop.run_until_complete(_pruned(store, self.now - age))

    @invariant()
    def same(self) -> None:
        """Everything that can be read is the same."""
        self.both(lambda store: store.read(None, 1000))
        self.both(lambda store: store.page(EventQuery(project=PROJECT, limit=1000)))
        self.both(lambda store: store.page(EventQuery(project=PROJECT, type="told", test=False, limit=1000)))
        self.both(lambda store: store.page(EventQuery(project=PROJECT, feed=True, limit=1000)))
        self.both(lambda store: store.page(EventQuery(project=PROJECT, context="a", limit=1000)))
        names = ["a", "b", *(known.event.id for known in self.known)]
        for project in (PROJECT, OTHER):
            self.both(partial(_threads, project, names))
        for state in (None, "pending", "dead", "cancelled"):
            query = DeliveryQuery(project=PROJECT, state=state, limit=1000)
            self.both(partial(_deliveries, query))
            self.both(partial(_deliveries, replace(query, sought=Sought(("order", "ga"), {"trg_one": ("gate",)}))))
            self.both(partial(_deliveries, replace(query, sought=Sought(("tol",)))))
        self.both(lambda store: _sorted(store.streaks(["trg_0", "trg_1", "trg_2"])))
        for fate in (None, "delivered", "dead", "cancelled"):
            self.both(partial(_past, Past(project=PROJECT, state=fate)))
        self.both(lambda store: store.unarrived("rpl_1"))
        self.both(lambda store: store.due(LANES[0], self.now, 100))
        self.both(lambda store: store.lanes(None, 100))
        self.both(lambda store: store.changes(0))
        self.both(lambda store: store.list("note", None, None, 100))
        for store in self.stores:
            self.loop.run_until_complete(_caught_up(store))
        self.both(lambda store: store.page(EventQuery(project=PROJECT, words=("tol",), limit=1000)))
        for project in (PROJECT, OTHER):
            self.both(partial(_tallies, TallyQuery(project=project, of="events", by=("hour", "type"))))
            self.both(partial(_tallies, TallyQuery(project=project, of="events", by=("day",), muted=False)))
            self.both(partial(_tallies, TallyQuery(project=project, of="deliveries", by=("hour", "result"))))
            self.both(partial(_tallies, TallyQuery(project=project, of="events", by=("day", "type"), most=1)))
            self.both(partial(_tallies, TallyQuery(project=project, of="deliveries", by=("result",), most=2)))
        if self.held:
            self.both(lambda store: store.attempts(self.held[-1].id))


async def _sorted(found: Awaitable[Any]) -> Any:
    return sorted(await found, key=lambda one: one.trigger)


async def _threads(project: str, names: list[str], store: Store) -> Any:
    return sorted((await store.threads(project, names)).items())


async def _past(query: Past, store: Store) -> Any:
    stretch = await store.past(query)
    return stretch.found, stretch.next


async def _caught_up(store: Store) -> None:
    while (await store.catch_up(3)).done:
        pass


async def _tallies(query: TallyQuery, store: Store) -> Any:
    return sorted(await store.tallies(query), key=repr)


async def _deliveries(query: DeliveryQuery, store: Store) -> Any:
    return await store.deliveries(query)


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


async def _pruned(store: Store, before: int) -> None:
    after: str | None = None
    while True:
        after = (await store.prune(PROJECT, before, before + HOUR, after, 3)).next
        if after is None:
            return


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
