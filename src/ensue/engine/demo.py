"""Hides how a project is filled with a past to look at: triggers that the demo needs, then what happened, step by step.

It is kept as everything else is: events with what they owe in one commit, outcomes in another. Nothing of it is sent;
only what still waits at the end is owed for true.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import Delivery
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.guard import check_link, check_url
from ensue.domain.intake import Limits
from ensue.domain.schedule import DAY
from ensue.domain.trigger import Endpoint, Match, Secret, Trigger, trigger_document
from ensue.engine.clock import Clock
from ensue.engine.demo_past import Past, Wish, past
from ensue.engine.demo_shop import RECEIVERS, Receiver, address
from ensue.engine.rules import Rules
from ensue.engine.vault import Vault
from ensue.engine.worker import Worker
from ensue.store.base import Changes, Store, lanes_of

T = TypeVar("T")

MOST: Final = 20_000
"""Events of one demo."""
_LONGEST: Final = 500
"""Characters of an address that others begin with."""
_STEP: Final = 250
"""Entries or outcomes in one commit: whoever sends meanwhile hardly waits."""
_SINCE: Final = 40 * DAY
"""How old the demo's triggers are (ms)."""


class Filled(Struct, frozen=True):
    """What the demo made; `triggers` are their ids."""

    events: int
    deliveries: int
    triggers: list[str]


class Demo:
    """Fills projects."""

    def __init__(self, store: Store, rules: Rules, vault: Vault, worker: Worker, clock: Clock, limits: Limits) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._worker = worker
        self._clock = clock
        self._limits = limits
        self._filling: set[str] = set()

    async def fill(self, project: str, wish: Wish) -> Filled:
        """Make up what `wish` asks for. EnsueError `invalid` for a count out of bounds, an address that may not be
        called, or an origin that is none; `conflict` while the project is being filled."""
        if not 1 <= wish.count <= MOST:
            raise EnsueError("invalid", f"'count' is a whole number from 1 to {MOST:,}.", "count")
        self._check_addresses(wish)
        if project in self._filling:
            raise EnsueError("conflict", "This project is being filled with a demo; wait until that is there.")
        self._filling.add(project)
        try:
            return await self._filled(project, wish)
        finally:
            self._filling.discard(project)

    async def _filled(self, project: str, wish: Wish) -> Filled:
        now = self._clock()
        await self._provide(project, wish, now)
        triggers = {one.name: one for one in self._rules.triggers(project) if _is_ours(one, wish)}
        source = self._rules.source(project)
        made = await asyncio.to_thread(past, wish, project, triggers, self._limits, now, source)
        await self._keep(made)
        await self._complain(triggers.values(), made)
        self._worker.note(lanes_of(_as_left(made)))
        deliveries = sum(len(entry.deliveries) for entry in made.entries)
        told = sum(not entry.staged and not entry.event.is_own for entry in made.entries)
        return Filled(told, deliveries, sorted(one.id for one in triggers.values()))

    def _check_addresses(self, wish: Wish) -> None:
        """Before anything is kept: all URLs of the past begin with these."""
        for field, given in (("endpoints", wish.endpoints), ("origin", wish.origin)):
            if given is not None and len(given) > _LONGEST:
                raise EnsueError("invalid", f"'{field}' has more than {_LONGEST} characters.", field)
        check_link(wish.origin, "origin")
        if wish.endpoints is not None:
            check_url(wish.endpoints, self._limits.allowed, "endpoints")

    async def _provide(self, project: str, wish: Wish, now: int) -> None:
        """Make the triggers that are not there yet."""
        known = {one.name for one in self._rules.triggers(project) if _is_ours(one, wish)}
        puts = [
            Put(document=trigger_document(self._trigger(project, one, wish, now - _SINCE + number)), expected=0)
            for number, one in enumerate(RECEIVERS)
            if one.name not in known
        ]
        if puts:
            await self._store.put(puts)
            await self._rules.refresh(self._store)

    def _trigger(self, project: str, one: Receiver, wish: Wish, since: int) -> Trigger:
        return Trigger(
            id=ids.prefixed_id("trg_", since),
            project=project,
            name=one.name,
            match=Match(type=one.types, filter=one.filter),
            endpoint=Endpoint(
                url=address(wish.endpoints, one.host, one.path),
                headers=dict(one.headers),
                secrets=(Secret(self._vault.seal(ids.new_secret().encode())),),
            ),
            created_at=since,
            updated_at=since,
            retry=one.retry,
            concurrency=one.concurrency,
            enabled=one.enabled,
        )

    async def _keep(self, made: Past) -> None:
        for entries in _steps(made.entries):
            await self._store.append(partial(_as_made, entries))
        for settled in made.outcomes:
            for outcomes in _steps(settled):
                await self._store.settle(partial(_as_made, outcomes))

    async def _complain(self, triggers: Iterable[Trigger], made: Past) -> None:
        """What filters could not judge stands at their triggers, as if it had just been found."""
        puts = [
            Put(document=trigger_document(replace(one, filter_error=made.complaints[one.id])))
            for one in triggers
            if one.id in made.complaints and one.filter_error is None
        ]
        if puts:
            await self._store.put(puts)
            await self._rules.refresh(self._store)


def _is_ours(trigger: Trigger, wish: Wish) -> bool:
    """Whether a trigger is one that an earlier demo made, at the same address."""
    urls = {one.name: address(wish.endpoints, one.host, one.path) for one in RECEIVERS}
    return urls.get(trigger.name) == trigger.endpoint.url


def _as_left(made: Past) -> list[Delivery]:
    """Every delivery as the last that happened to it left it."""
    owed = {one.id: one for entry in made.entries for one in entry.deliveries}
    owed |= {outcome.delivery.id: outcome.delivery for settled in made.outcomes for outcome in settled}
    return list(owed.values())


def _as_made(items: Sequence[T], _changes: Changes) -> Sequence[T]:
    return items


def _steps(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + _STEP] for at in range(0, len(items), _STEP))
