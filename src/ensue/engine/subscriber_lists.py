"""Hides how lists of subscribers are kept: members counted in the commit that adds them, many in steps."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.subscriber import KIND as SUBSCRIBER
from ensue.domain.subscriber import Subscriber, check_subscriber_id
from ensue.domain.subscriber_list import (
    KIND,
    MEMBER,
    MEMBERSHIP,
    Member,
    SubscriberList,
    changed,
    check_list_id,
    first_and_end,
    list_document,
    list_of,
    member_documents,
    member_id,
    member_of,
    new_list,
    no_member_documents,
)
from ensue.engine.clock import Clock
from ensue.engine.paging import Page, Place, Span, counted, paged, skipped
from ensue.engine.subscribers import Subscribers
from ensue.engine.turns import Turns
from ensue.store.base import Store

_TRIES: Final = 10
_STEP: Final = 100


class _Known(Struct, frozen=True):
    """A list with the revision that it was read at."""

    list: SubscriberList
    revision: int


class SubscriberLists:
    """The lists of all projects. Another project's are `not_found`."""

    def __init__(self, store: Store, subscribers: Subscribers, clock: Clock, turns: Turns) -> None:
        self._store = store
        self._subscribers = subscribers
        self._clock = clock
        self._turns = turns

    # lists

    async def get(self, project: str, list_id: str) -> SubscriberList:
        """One list. EnsueError `not_found`."""
        return (await self._read(project, list_id)).list

    async def list(self, project: str, offset: int, limit: int) -> Sequence[SubscriberList]:
        """Up to `limit` lists by descending id, after the first `offset` ones."""
        return [list_of(document) for document in await skipped(self._store, KIND, project, offset, limit)]

    async def count(self, project: str) -> int:
        """How many lists there are."""
        return await counted(self._store, KIND, project)

    async def create(self, project: str, list_id: str, fields: Mapping[str, Any]) -> SubscriberList:
        """A new list, or `fields` of one that there is changed. EnsueError `invalid` that names the field."""
        list_id = check_list_id(list_id)
        async with self._turns.of([(KIND, project, list_id)]):
            for _ in range(_TRIES):
                document = await self._store.get(KIND, project, list_id)
                if document is None:
                    await self._sweep(project, list_id)
                before = new_list(project, list_id, self._clock()) if document is None else list_of(document)
                made = changed(before, fields, self._clock())
                revision = 0 if document is None else document.revision
                if await self._stored([Put(document=list_document(made), expected=revision)]):
                    return made
        raise _busy(list_id)

    async def delete(self, project: str, list_id: str) -> None:
        """Remove a list at once, and its members in steps; whoever breaks off in between leaves nothing to be seen.

        EnsueError `not_found`.
        """
        async with self._turns.of([(KIND, project, list_id.lower())]):
            for _ in range(_TRIES):
                known = await self._read(project, list_id)
                gone = Put(document=list_document(known.list, deleted=True), expected=known.revision)
                if await self._stored([gone]):
                    await self._sweep(project, known.list.id)
                    return
        raise _busy(list_id)

    async def _sweep(self, project: str, list_id: str) -> None:
        """Remove members of a list that is gone; ends where somebody has made it anew."""
        first, end = first_and_end(list_id)
        still_gone = Put(document=Document(kind=KIND, project=project, id=list_id, body=b""), expected=0)
        while found := await self._store.list(MEMBER, project, end, _STEP, after=first):
            puts = [
                Put(document=one) for document in found for one in no_member_documents(project, member_of(document))
            ]
            if not await self._stored([still_gone, *puts]):
                return

    # members

    async def add(self, project: str, list_id: str, subscriber_ids: Sequence[str]) -> int:
        """Put subscribers on a list, in steps; how many came on it. One who is new is made: they need not exist.

        EnsueError `not_found` for the list, `invalid` for what cannot be an id.
        """
        return await self._in_steps(project, list_id, subscriber_ids, joining=True)

    async def remove(self, project: str, list_id: str, subscriber_ids: Sequence[str]) -> int:
        """Take subscribers off a list, in steps; how many were on it. EnsueError `not_found` for the list."""
        return await self._in_steps(project, list_id, subscriber_ids, joining=False)

    async def _in_steps(self, project: str, list_id: str, subscriber_ids: Sequence[str], *, joining: bool) -> int:
        different = list(dict.fromkeys(check_subscriber_id(one, "distinct_ids") for one in subscriber_ids))
        await self._read(project, list_id)
        affected = 0
        for at in range(0, len(different), _STEP):
            affected += await self._step(project, list_id, different[at : at + _STEP], joining=joining)
        return affected

    async def _step(self, project: str, list_id: str, subscriber_ids: Sequence[str], *, joining: bool) -> int:
        touched = [(SUBSCRIBER, project, one) for one in subscriber_ids] if joining else []
        async with self._turns.of([*touched, (KIND, project, list_id.lower())]):
            for _ in range(_TRIES):
                known = await self._read(project, list_id)
                moves = self._joins if joining else self._leaves
                puts = await moves(project, known.list.id, subscriber_ids)
                count = sum(put.document.kind == MEMBER for put in puts)
                if not count:
                    return 0
                members = max(0, known.list.members + (count if joining else -count))
                now_counted = replace(known.list, members=members, updated_at=self._clock())
                if await self._stored([Put(document=list_document(now_counted), expected=known.revision), *puts]):
                    return count
        raise _busy(list_id)

    async def _joins(self, project: str, list_id: str, subscriber_ids: Sequence[str]) -> Sequence[Put]:
        """What changes for those who are not on the list yet. Subscribers are written as they are, so that one who is
        forgotten at this moment is not left on it."""
        puts: list[Put] = []
        for subscriber_id in subscriber_ids:
            if await self._store.get(MEMBER, project, member_id(list_id, subscriber_id)) is not None:
                continue
            member = Member(list_id, subscriber_id, self._clock())
            puts.append(await self._subscribers.touched(project, subscriber_id, member.since))
            puts += [Put(document=one, expected=0) for one in member_documents(project, member)]
        return puts

    async def _leaves(self, project: str, list_id: str, subscriber_ids: Sequence[str]) -> Sequence[Put]:
        puts: list[Put] = []
        for subscriber_id in subscriber_ids:
            document = await self._store.get(MEMBER, project, member_id(list_id, subscriber_id))
            if document is not None:
                gone = no_member_documents(project, member_of(document))
                puts += [Put(document=one, expected=1) for one in gone]
        return puts

    async def members(self, project: str, list_id: str, place: Place) -> Page[Subscriber]:
        """The subscribers on a list, by descending id. EnsueError `not_found`."""
        known = await self.get(project, list_id)
        found = await self._owned(MEMBER, project, known.id, place)
        there = await self._subscribers.some(project, [member.subscriber for _, member in found.items])
        return Page([(one.id, one) for one in there], found.more)

    async def of(self, project: str, subscriber_id: str, place: Place) -> Page[SubscriberList]:
        """The lists that a subscriber is on, by descending id. EnsueError `not_found`."""
        await self._subscribers.get(project, subscriber_id)
        found = await self._owned(MEMBERSHIP, project, subscriber_id, place)
        ids = [member.list for _, member in found.items]
        documents = [await self._store.get(KIND, project, list_id) for list_id in ids]
        return Page([(one.id, list_of(one)) for one in documents if one is not None], found.more)

    async def count_of(self, project: str, subscriber_id: str) -> int:
        """How many lists a subscriber is on."""
        return await counted(self._store, MEMBERSHIP, project, *first_and_end(subscriber_id))

    async def _owned(self, kind: str, project: str, owner: str, place: Place) -> Page[Member]:
        first, end = first_and_end(owner)
        inside = Place(
            place.limit,
            None if place.before is None else member_id(owner, place.before),
            None if place.after is None else member_id(owner, place.after),
        )
        return await paged(self._store, Span(kind, project, first, end), inside, member_of)

    async def _read(self, project: str, list_id: str) -> _Known:
        document = await self._store.get(KIND, project, list_id.lower())
        if document is None:
            raise EnsueError("not_found", f"list_id: '{list_id[:80]}' not found", "list_id")
        return _Known(list_of(document), document.revision)

    async def _stored(self, puts: Sequence[Put]) -> bool:
        try:
            await self._store.put(puts)
        except EnsueError as error:
            if error.code != "conflict":
                raise
            return False
        return True


def _busy(list_id: str) -> EnsueError:
    return EnsueError("conflict", f"The list '{list_id[:80]}' is being changed by others; try again.")
