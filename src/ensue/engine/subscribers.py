"""Hides how subscribers are kept: edits that never overwrite each other, secrets sealed, many edited all or none."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.operation import Edit, Edited, Operation, apply_once, refusal
from ensue.domain.subscriber import (
    KIND,
    Subscriber,
    check_subscriber_id,
    new_subscriber,
    subscriber_document,
    subscriber_of,
    with_secrets,
)
from ensue.domain.subscriber_list import KIND as LIST
from ensue.domain.subscriber_list import (
    MEMBERSHIP,
    Member,
    first_and_end,
    list_document,
    list_of,
    member_of,
    no_member_documents,
)
from ensue.engine.paging import Page, Place, Span, counted, paged
from ensue.engine.turns import Turns
from ensue.engine.vault import Vault
from ensue.store.base import Store

MOST_EDITS: Final = 400
MOST_DELETED: Final = 100
_TRIES: Final = 10
_STEP: Final = 100


class Subscribers:
    """The subscribers of all projects. Another project's are `not_found`."""

    def __init__(self, store: Store, vault: Vault, turns: Turns) -> None:
        self._store = store
        self._vault = vault
        self._turns = turns

    # reading

    async def get(self, project: str, subscriber_id: str) -> Subscriber:
        """One subscriber. EnsueError `not_found`."""
        document = await self._store.get(KIND, project, subscriber_id)
        if document is None:
            raise unknown(subscriber_id)
        return self._opened(document)

    async def some(self, project: str, subscriber_ids: Sequence[str]) -> Sequence[Subscriber]:
        """Those of `subscriber_ids` that there are, in their order."""
        found = [await self._store.get(KIND, project, subscriber_id) for subscriber_id in subscriber_ids]
        return [self._opened(document) for document in found if document is not None]

    async def list(self, project: str, place: Place) -> Page[Subscriber]:
        """Subscribers by descending id."""
        return await paged(self._store, Span(KIND, project), place, self._opened)

    async def count(self, project: str) -> int:
        """How many subscribers there are."""
        return await counted(self._store, KIND, project)

    # editing

    async def edit(self, project: str, subscriber_id: str, operations: Sequence[Operation], now: int) -> Edited:
        """Apply `operations` to a subscriber, who is made if new; all of them or none.

        EnsueError `invalid` that names each value that was rejected, `too_large`.
        """
        return (await self.edit_many(project, [Edit(subscriber_id, operations)], now))[0]

    async def upsert(self, project: str, subscriber_id: str, values: Mapping[str, Any], now: int) -> Edited:
        """Set `values`, and make the subscriber if new; channels gain what is given, and keep what they had."""
        return await self.edit(project, subscriber_id, [Operation("$set", values)], now)

    async def edit_many(self, project: str, edits: Sequence[Edit], now: int) -> Sequence[Edited]:
        """Apply all `edits` in one commit, or none: up to `MOST_EDITS`, in their order; one may come twice.

        EnsueError `invalid` that names whose values were rejected, `too_large`.
        """
        if len(edits) > MOST_EDITS:
            raise EnsueError("invalid", f"{len(edits)} users in one request; up to {MOST_EDITS} can be edited at once.")
        checked = [edit._replace(subscriber=check_subscriber_id(edit.subscriber)) for edit in edits]
        async with self._turns.of((KIND, project, edit.subscriber) for edit in checked):
            for _ in range(_TRIES):
                try:
                    return await self._edit_now(project, checked, now)
                except EnsueError as error:
                    if error.code != "conflict":
                        raise
        raise _busy()

    async def _edit_now(self, project: str, edits: Sequence[Edit], now: int) -> Sequence[Edited]:
        kept: dict[str, Document | None] = {}
        known: dict[str, Subscriber] = {}
        changed: dict[str, Subscriber] = {}
        done: list[Edited] = []
        for edit in edits:
            name = edit.subscriber
            if name not in known:
                document = kept[name] = await self._store.get(KIND, project, name)
                known[name] = self._opened(document) if document else _new(project, name, now)
            before = known[name]
            edited = apply_once(before, edit, now)
            if edited.rejected:
                raise refusal(edited.rejected, name if len(edits) > 1 else "")
            if edited.subscriber != before or kept[name] is None:
                changed[name] = known[name] = edited.subscriber
            done.append(edited)
        if changed:
            await self._store.put([self._put(one, kept[one.id]) for one in changed.values()])
        return done

    def _put(self, subscriber: Subscriber, before: Document | None) -> Put:
        document = subscriber_document(with_secrets(subscriber, self._sealed))
        return Put(document=document, expected=0 if before is None else before.revision)

    async def touched(self, project: str, subscriber_id: str, now: int) -> Put:
        """Write somebody as they are, or make them if new: whoever changes or forgets them meanwhile is noticed."""
        document = await self._store.get(KIND, project, subscriber_id)
        if document is None:
            return self._put(_new(project, subscriber_id, now), None)
        return Put(document=document, expected=document.revision)

    def _sealed(self, secret: str) -> str:
        return self._vault.seal(secret.encode())

    def _opened(self, document: Document) -> Subscriber:
        return with_secrets(subscriber_of(document), lambda sealed: self._vault.open(sealed).decode())

    # deleting

    async def delete(self, project: str, subscriber_id: str) -> None:
        """Forget a subscriber, and take them off every list. EnsueError `not_found`."""
        if not await self._forget(project, subscriber_id):
            raise unknown(subscriber_id)

    async def delete_many(self, project: str, subscriber_ids: Sequence[str]) -> int:
        """Forget up to `MOST_DELETED` subscribers, passing over those that there are not; how many there were."""
        check_most(len(subscriber_ids))
        gone = [await self._forget(project, subscriber_id) for subscriber_id in dict.fromkeys(subscriber_ids)]
        return sum(gone)

    async def _forget(self, project: str, subscriber_id: str) -> bool:
        async with self._turns.of([(KIND, project, subscriber_id)]):  # before those of lists, as everywhere
            for _ in range(_TRIES):
                try:
                    return await self._forget_now(project, subscriber_id)
                except EnsueError as error:
                    if error.code != "conflict":
                        raise
        raise _busy()

    async def _forget_now(self, project: str, subscriber_id: str) -> bool:
        """In steps, where they are on many lists: the last one takes the subscriber with it."""
        while True:
            document = await self._store.get(KIND, project, subscriber_id)
            if document is None:
                return False
            first, end = first_and_end(subscriber_id)
            found = await self._store.list(MEMBERSHIP, project, end, _STEP + 1, after=first)
            members = [member_of(one) for one in found[:_STEP]]
            async with self._turns.of((LIST, project, member.list) for member in members):
                puts = [put for member in members for put in await self._left(project, member)]
                last = len(found) <= _STEP
                if last:
                    gone = Document(kind=KIND, project=project, id=subscriber_id, body=b"")
                    puts.append(Put(document=gone, expected=document.revision))
                await self._store.put(puts)
            if last:
                return True

    async def _left(self, project: str, member: Member) -> Sequence[Put]:
        """What changes when somebody leaves a list: both documents, and the list's count."""
        puts = [Put(document=one, expected=1) for one in no_member_documents(project, member)]
        document = await self._store.get(LIST, project, member.list)
        if document is not None:
            counted = list_of(document)
            fewer = replace(counted, members=max(0, counted.members - 1))
            puts.append(Put(document=list_document(fewer), expected=document.revision))
        return puts


def check_most(count: int) -> None:
    """1 to `MOST_DELETED` ids in one request; or EnsueError `invalid`."""
    if not count:
        raise EnsueError("invalid", "'distinct_ids' must contain at least 1 item", "distinct_ids")
    if count > MOST_DELETED:
        raise EnsueError("invalid", f"'distinct_ids' must contain maximum {MOST_DELETED} items", "distinct_ids")


def unknown(subscriber_id: str) -> EnsueError:
    """That there is nobody of that id."""
    return EnsueError("not_found", f"user [distinct_id: '{subscriber_id[:255]}'] not found", "distinct_id")


def _new(project: str, subscriber_id: str, now: int) -> Subscriber:
    return new_subscriber(project, subscriber_id, ids.prefixed_id("ibx_", now), now)


def _busy() -> EnsueError:
    return EnsueError("conflict", "This user is being changed by others; try again.")
