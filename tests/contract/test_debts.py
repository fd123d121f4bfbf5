"""Debts: claims and their fences, leases, late results, and what a settle commits."""

import pytest
from msgspec.structs import replace

from ensue.domain.delivery import Attempt, Failed, Interrupted, Later, Sent
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes, DeliveryQuery, Store
from tests.contract.builders import (
    LEASE,
    NOW,
    PROJECT,
    append,
    claim,
    delivery,
    entry,
    event,
    held,
    logged,
    outcome,
    owed,
    put,
    scheduled,
    settle,
)


async def test_a_claim_raises_the_fence(store: Store) -> None:
    """A claim counts itself, counts as lost until settled, and moves the due time to its end."""
    debt = await owed(store)
    [first] = await claim(store)
    expected = replace(debt, claim=1, lost=1, claimed_until=NOW + LEASE, due_at=NOW + LEASE)
    assert first == expected
    assert await store.delivery(PROJECT, debt.id) == expected


async def test_a_claim_brings_its_event(store: Store) -> None:
    """The claimer gets the event; None where it was removed, or stands in the payload."""
    first, gone, staged = entry(lanes=["trigger:one"]), entry(lanes=["trigger:one"]), scheduled(NOW)
    await append(store, first, gone, staged)
    found = await store.claim({"trigger:one": 9, staged.deliveries[0].lane: 9}, NOW, NOW + LEASE)
    events = {one.delivery.event_id: one.event for one in found.claimed}
    assert events == {first.event.id: first.event, gone.event.id: gone.event, staged.event.id: None}
    [payload] = [one.delivery.payload for one in found.claimed if one.delivery.payload]
    assert bytes(payload) == bytes(staged.deliveries[0].payload)


async def test_nothing_is_claimed_twice(store: Store) -> None:
    """While a claim lasts nobody else gets the debt; once it has run out, somebody does."""
    debt = await owed(store)
    assert [one.claim for one in await claim(store)] == [1]
    assert await claim(store, NOW + LEASE - 1) == []
    [again] = await claim(store, NOW + LEASE)
    assert (again.id, again.claim, again.lost) == (debt.id, 2, 2)


async def test_what_is_not_due_waits(store: Store) -> None:
    """Nothing is claimed early."""
    await owed(store, due_at=NOW + 10)
    assert await claim(store, NOW + 9) == []
    assert len(await claim(store, NOW + 10)) == 1


async def test_oldest_due_first_and_no_more_than_there_is_room(store: Store) -> None:
    """A lane gives its oldest due debts first, up to the room; other lanes are left alone."""
    fact = event()
    debts = [delivery(fact, due_at=NOW - at) for at in (3, 1, 2)] + [delivery(fact, lane="trigger:two")]
    await append(store, replace(entry(), deliveries=tuple(debts)))
    claimed = await store.claim({"trigger:one": 2, "trigger:none": 5}, NOW, NOW + LEASE)
    assert [one.delivery.id for one in claimed.claimed] == [debts[0].id, debts[2].id]
    assert claimed.due == {"trigger:one": NOW - 1}


async def test_a_claim_says_what_is_due_next(store: Store) -> None:
    """For each lane asked for: the earliest due time of what still waits, claimed debts by the end of their claim."""
    await owed(store)
    claimed = await store.claim({"trigger:one": 1}, NOW, NOW + LEASE)
    assert claimed.due == {"trigger:one": NOW + LEASE}
    assert (await store.claim({"trigger:none": 1}, NOW, NOW + LEASE)).due == {}


async def test_born_claimed(store: Store) -> None:
    """A delivery may be appended as claimed: nobody else gets it, and its maker settles it."""
    debt = await owed(store, claim=1, lost=1, claimed_until=NOW + LEASE, due_at=NOW + LEASE)
    assert await claim(store) == []
    assert await settle(store, outcome(debt)) == ["accepted"]


async def test_renewal_keeps_the_debt(store: Store) -> None:
    """A renewed claim goes on, also when it had run out already; a stranger's renewal changes nothing."""
    debt = await held(store)
    assert await store.renew([(debt.id, 1)], NOW + 2 * LEASE) == [debt.id]
    assert await claim(store, NOW + LEASE) == []
    assert await store.renew([(debt.id, 1)], NOW + 5 * LEASE) == [debt.id]
    assert await claim(store, NOW + 4 * LEASE) == []
    assert await store.renew([(debt.id, 2), ("dlv_unknown", 1)], NOW + 9 * LEASE) == []
    assert [one.claim for one in await claim(store, NOW + 5 * LEASE)] == [2]
    assert await store.renew([(debt.id, 1)], NOW + 9 * LEASE) == []


async def test_only_what_is_held_can_be_renewed(store: Store) -> None:
    """A debt that was settled for another time is not pulled forward by a renewal that came too late."""
    debt = await held(store)
    await settle(store, outcome(debt, Later(NOW + 500 * LEASE, "full")))
    assert await store.renew([(debt.id, 1)], NOW + LEASE) == []
    found = await store.delivery(PROJECT, debt.id)
    assert found is not None
    assert found.due_at == NOW + 500 * LEASE


async def test_settling_commits_all(store: Store) -> None:
    """The delivery, its attempt, its successor, what it emits and the documents it changes are there afterwards."""
    debt = await held(store)
    told = replace(
        outcome(debt),
        next=(delivery(event(), lane="trigger:next"),),
        emits=(entry(type="told", lanes=["trigger:told"]),),
        puts=(put("state", expected=0),),
    )
    assert await settle(store, told) == ["accepted"]
    assert await store.delivery(PROJECT, debt.id) == told.delivery
    assert await store.attempts(debt.id) == [told.attempt]
    assert [one.lane for one in await store.lanes(None, 10)] == ["trigger:next", "trigger:told"]
    assert (await logged(store))[-1] == told.emits[0].event
    found = await store.get("note", PROJECT, "state")
    assert found is not None
    assert found.revision == 1


async def test_a_late_result_changes_nothing(store: Store) -> None:
    """After the claim was lost, only the attempt is kept, marked late, and nothing that came with it."""
    first = await held(store)
    [second] = await claim(store, NOW + LEASE)
    late = replace(outcome(first), next=(delivery(lane="no"),), emits=(entry(),), puts=(put("no"),))
    before = await logged(store)
    assert await settle(store, late) == ["late"]
    assert await store.delivery(PROJECT, first.id) == second
    assert [(one.claim, one.late) for one in await store.attempts(first.id)] == [(1, True)]
    assert await logged(store) == before
    assert await store.get("note", PROJECT, "no") is None
    assert [one.lane for one in await store.lanes(None, 10)] == ["trigger:one"]
    assert await settle(store, outcome(second)) == ["accepted"]
    assert [(one.claim, one.late) for one in await store.attempts(first.id)] == [(1, True), (2, False)]


async def test_a_settled_debt_is_settled(store: Store) -> None:
    """A second result of the same claim is late, also in the same commit; so is one of an unknown delivery."""
    debt = await held(store)
    assert await settle(store, outcome(debt, Failed("no")), outcome(debt)) == ["accepted", "late"]
    assert await settle(store, outcome(delivery())) == ["late"]
    assert await settle(store, outcome(debt)) == ["late"]
    found = await store.delivery(PROJECT, debt.id)
    assert found is not None
    assert (found.state, found.tries) == ("pending", 1)


async def test_a_failure_comes_due_again(store: Store) -> None:
    """A failed debt waits for its next try and can be claimed then, with the next fence."""
    debt = await held(store)
    failed = outcome(debt, Failed("503"))
    await settle(store, failed)
    due_at = failed.delivery.due_at
    assert await claim(store, due_at - 1) == []
    [again] = await claim(store, due_at)
    assert (again.claim, again.tries, again.lost) == (2, 1, 1)


async def test_a_conflict_keeps_nothing_of_its_outcome(store: Store) -> None:
    """An outcome whose document was changed meanwhile is refused whole; the others of its commit are kept."""
    await store.put([put("state")])
    one, two = await held(store), await held(store)
    verdicts = await settle(
        store, replace(outcome(one), puts=(put("state", expected=9),), emits=(entry(type="no"),)), outcome(two)
    )
    assert verdicts == ["conflict", "accepted"]
    assert await store.delivery(PROJECT, one.id) == one
    assert await store.attempts(one.id) == []
    assert "no" not in {found.type for found in await logged(store)}


async def test_an_emitted_conflict_refuses_the_outcome(store: Store) -> None:
    """What an outcome emits changes documents with it or not at all."""
    debt = await held(store)
    emit = replace(entry(), puts=(put("state", expected=9),))
    assert await settle(store, replace(outcome(debt), emits=(emit,))) == ["conflict"]
    assert await store.delivery(PROJECT, debt.id) == debt


async def test_a_released_debt_is_due_at_once(store: Store) -> None:
    """A graceful stop uses up no try and waits for no lease."""
    debt = await held(store)
    await settle(store, outcome(debt, Interrupted()))
    [again] = await claim(store)
    assert (again.claim, again.tries, again.lost) == (2, 0, 1)


async def test_attempts_stand_oldest_first(store: Store) -> None:
    """The attempts of a delivery, one for each claim that was tried, with what was said."""
    debt = await held(store)
    expected: list[Attempt | None] = []
    for round_ in range(3):
        tried = outcome(debt, Failed(f"error {round_}"), NOW + round_)
        await settle(store, tried)
        expected.append(tried.attempt)
        [debt] = await claim(store, tried.delivery.due_at)
    assert await store.attempts(debt.id) == expected
    assert await store.attempts("dlv_unknown") == []


async def test_a_decision_that_raises_harms_nobody(store: Store) -> None:
    """The exception reaches whoever asked, nothing happened, and the store goes on."""
    debt = await held(store)

    def decision(_: Changes) -> list[None]:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        await store.settle(decision)  # type: ignore[arg-type]
    assert await settle(store, outcome(debt, Sent())) == ["accepted"]


async def test_taking_the_place_voids_claims(store: Store) -> None:
    """Whoever opens the store makes what was in flight due at once; fences and losses stay."""
    debt, waiting = await held(store), await owed(store, due_at=NOW + 77)
    await store.close()
    await store.open(NOW + 5)
    assert await store.delivery(PROJECT, debt.id) == replace(debt, claimed_until=None, due_at=NOW + 5)
    assert await store.delivery(PROJECT, waiting.id) == waiting


async def test_a_closed_store_says_so(store: Store) -> None:
    """Every verb of a closed store is unavailable."""
    await store.close()
    with pytest.raises(EnsueError) as refused:
        await claim(store)
    assert refused.value.code == "unavailable"
    with pytest.raises(EnsueError) as refused:
        await store.deliveries(DeliveryQuery(project=PROJECT))
    assert refused.value.code == "unavailable"
