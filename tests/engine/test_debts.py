"""The rules of debts (design section 5): claims and tries, fences, leases, poison, and what people may do to a debt."""

import asyncio
from pathlib import Path

import pytest

from ensue.domain.delivery import POISON, Failed, Interrupted, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import EndpointPatch, MatchDraft, RetryDraft, TriggerPatch
from ensue.store.base import Selection, Store
from ensue.store.memory import MemoryStore
from ensue.testing import Clock
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage, staged

LEASE = 30_000


async def test_claim_and_try_are_two_numbers(stage: Stage) -> None:
    """The claim grows with each claim, the tries only with what was sent or failed."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger()
    await stage.send()
    first = await stage.retried(1)
    stage.clock.turn(6_001)
    second = await stage.retried(2)
    assert [(one.claim, one.tries, one.lost) for one in (first, second)] == [(1, 1, 0), (2, 2, 0)]
    assert [(one.claim, one.number, one.late) for one in await stage.attempts(second)] == [(1, 1, False), (2, 2, False)]


async def test_a_fresh_delivery_is_born_claimed(stage: Stage) -> None:
    """With room and nothing older due, event, debt and claim are one commit."""
    hold = stage.channel.script = Hold()
    await stage.trigger()
    await stage.send()
    delivery = await stage.only()
    assert (delivery.claim, delivery.claimed_until) == (1, stage.clock() + LEASE)
    assert stage.parts.worker.in_flight() == [delivery.id]
    await stage.until(lambda: hold.count)
    hold.answer(Sent())
    await stage.settled("delivered")


async def test_nothing_older_is_overtaken(stage: Stage) -> None:
    """Where the lane has no room, what comes waits its turn: oldest first."""
    hold = stage.channel.script = Hold()
    await stage.trigger(concurrency=1)
    for number in range(4):
        await stage.send(subject=str(number))
        stage.clock.turn(1)
    unclaimed = [one for one in await stage.deliveries() if one.claimed_until is None]
    assert len(unclaimed) == 3
    for count in range(1, 5):
        await stage.until(lambda: hold.count == 1)
        hold.answer(Sent())
        await stage.settled("delivered", count)
    assert [message.event.subject for message, _ in stage.channel.sent] == ["0", "1", "2", "3"]


async def test_a_slow_answer_is_awaited_beyond_the_lease(on_stage: Staged) -> None:
    """A receiver that answers after more than twice the lease gets one request: the claim is renewed meanwhile."""
    async with on_stage() as stage:
        hold = stage.channel.script = Hold()
        await stage.trigger()
        await stage.send()
        await stage.until(lambda: hold.count == 1)
        for _ in range(9):
            stage.clock.turn(LEASE // 3 + 1)
            until = stage.clock() + LEASE

            async def renewed(until: int = until) -> bool:
                return (await stage.only()).claimed_until == until

            await stage.until(renewed)
        hold.answer(Sent())
        (delivery,) = await stage.settled("delivered")
        assert (len(stage.channel.sent), delivery.claim) == (1, 1)


async def test_a_server_that_was_stopped_past_its_lease_goes_on(stage: Stage) -> None:
    """The clock jumps beyond the lease, as after SIGSTOP: the pass renews first, and nothing is sent again."""
    hold = stage.channel.script = Hold()
    await stage.trigger()
    await stage.send()
    await stage.until(lambda: hold.count == 1)
    stage.clock.turn(10 * LEASE)

    async def renewed() -> bool:
        return ((await stage.only()).claimed_until or 0) > stage.clock()

    await stage.until(renewed)
    hold.answer(Sent())
    (delivery,) = await stage.settled("delivered")
    assert (len(stage.channel.sent), delivery.claim) == (1, 1)


async def test_a_claim_is_looked_at_before_the_request_is_written(stage: Stage) -> None:
    """One that ran out meanwhile is regained if it can be; the request is written once, by a claim that holds."""
    await stage.trigger()
    receipt = stage.engine.ingest.submit(stage.intake())
    send = stage.channel.send

    async def pausing(*arguments: object) -> object:
        stage.channel.send = send  # type: ignore[method-assign]
        stage.clock.now += 2 * LEASE  # a pause between the claim and the writing, unseen by the worker
        return await send(*arguments)  # type: ignore[arg-type]

    stage.channel.send = pausing  # type: ignore[method-assign, assignment]
    await receipt
    (delivery,) = await stage.settled("delivered")
    assert (len(stage.channel.sent), delivery.claim) == (1, 1)
    assert [one.late for one in await stage.attempts(delivery)] == [False]


async def test_a_claim_that_is_lost_before_the_request_sends_nothing(stage: Stage) -> None:
    """Cancelled between claim and writing: no request, no attempt, and the room is free again."""
    await stage.trigger(concurrency=1)
    send = stage.channel.send

    async def cancelled_first(*arguments: object) -> object:
        stage.channel.send = send  # type: ignore[method-assign]
        await stage.engine.cancel(stage.project, (await stage.only()).id)
        stage.clock.now += 2 * LEASE
        return await send(*arguments)  # type: ignore[arg-type]

    stage.channel.send = cancelled_first  # type: ignore[method-assign, assignment]
    await stage.send()
    await stage.settled("cancelled")
    await stage.idle()
    assert (stage.channel.sent, stage.lanes.in_flight()) == ([], 0)
    assert await stage.attempts(await stage.only()) == []


async def test_a_late_result_changes_nothing(stage: Stage) -> None:
    """Cancelled in flight: the answer is kept as an attempt marked late, and the delivery stays cancelled."""
    hold = stage.channel.script = Hold()
    await stage.trigger()
    await stage.send()
    await stage.until(lambda: hold.count == 1)
    cancelled, in_flight = await stage.engine.cancel(stage.project, (await stage.only()).id)
    assert (cancelled.state, in_flight, cancelled.claim) == ("cancelled", True, 2)
    hold.answer(Sent())
    await stage.idle()
    delivery = await stage.only()
    assert (delivery.state, delivery.tries) == ("cancelled", 0)
    assert [(one.result, one.late) for one in await stage.attempts(delivery)] == [("sent", True)]


async def test_cancelled_in_flight_and_asked_for_again_is_tried_again(stage: Stage) -> None:
    """A new claim is tried although this process still awaits the answer to the old one, which comes too late."""
    hold = stage.channel.script = Hold()
    await stage.trigger()
    await stage.send()
    await stage.until(lambda: hold.count == 1)
    delivery = await stage.only()
    await stage.engine.cancel(stage.project, delivery.id)
    await stage.engine.retry(stage.project, delivery.id)
    await stage.until(lambda: hold.count == 2)
    hold.answer(Sent())
    (delivered,) = await stage.settled("delivered")
    await stage.idle()
    assert (delivered.tries, delivered.claim) == (1, 3)
    assert sorted(one.late for one in await stage.attempts(delivered)) == [False, True]


async def test_retry_now_skips_what_is_in_flight(stage: Stage) -> None:
    """409 while it is tried; afterwards as many more tries as the trigger gives."""
    hold = stage.channel.script = Hold()
    await stage.trigger(retry=RetryDraft(1))
    await stage.send()
    await stage.until(lambda: hold.count == 1)
    delivery = await stage.only()
    with pytest.raises(EnsueError, match="under way") as refused:
        await stage.engine.retry(stage.project, delivery.id)
    assert refused.value.code == "conflict"
    hold.answer(Failed("no"))
    await stage.settled("dead")
    stage.channel.script = lambda _: Sent()
    again = await stage.engine.retry(stage.project, delivery.id)
    assert (again.id, again.state, again.allowed) == (delivery.id, "pending", 2)
    (delivered,) = await stage.settled("delivered")
    assert (delivered.id, delivered.tries) == (delivery.id, 2)
    assert {message.id for message, _ in stage.channel.sent} == {delivery.id}
    with pytest.raises(EnsueError, match="arrived"):
        await stage.engine.retry(stage.project, delivery.id)


async def test_what_has_ended_cannot_be_cancelled(stage: Stage) -> None:
    """409, and it stays as it ended."""
    await stage.trigger()
    await stage.send()
    (delivery,) = await stage.settled("delivered")
    with pytest.raises(EnsueError, match="nothing to stop"):
        await stage.engine.cancel(stage.project, delivery.id)


async def test_ten_claims_without_a_result_are_poison(tmp_path: Path) -> None:
    """A delivery that brings its process down each time is tried ten times, then dead; one that settles is not."""
    store, clock = MemoryStore(), Clock()
    tried = 0
    for start in range(POISON + 1):
        async with staged(tmp_path, store=store, clock=clock) as stage:
            stage.channel.script = Hold()
            if start == 0:
                await stage.trigger()
                await stage.send()
            if start == POISON:
                (dead,) = await stage.settled("dead")
                assert (dead.claim, dead.tries) == (POISON + 1, 0)
                assert (await stage.attempts(dead))[-1].result == "poisoned"
                continue
            await stage.until(lambda: len(stage.channel.sent) == 1)
            tried += len(stage.channel.sent)
            _crash(stage)
    assert tried == POISON


def _crash(stage: Stage) -> None:
    """The process dies: what it has in flight is neither settled nor released."""
    stage.parts.worker._settlement.add = lambda trial, done: done(None)  # type: ignore[method-assign]  # noqa: ARG005 - its form


async def test_a_graceful_stop_releases_what_it_could_not_finish(new_store: Store, tmp_path: Path) -> None:
    """An attempt marked `interrupted`, no try used up, due at once; the next process delivers it."""
    clock = Clock()
    async with staged(tmp_path / "data", store=new_store, clock=clock) as stage:
        hold = stage.channel.script = Hold()
        await stage.trigger()
        await stage.send()
        await stage.until(lambda: hold.count == 1)
    async with staged(tmp_path / "data", store=new_store, clock=clock) as stage:
        (delivered,) = await stage.settled("delivered")
        attempts = await stage.attempts(delivered)
    assert [one.result for one in attempts] == ["interrupted", "sent"]
    assert (delivered.claim, delivered.tries, delivered.lost) == (2, 1, 0)


async def test_a_stop_waits_for_answers_within_its_grace(on_stage: Staged) -> None:
    """What is answered within the grace is settled as such."""
    async with on_stage(grace=30.0) as stage:
        hold = stage.channel.script = Hold()
        await stage.trigger()
        await stage.send()
        await stage.until(lambda: hold.count == 1)
        stage.engine.begin_stop()
        await asyncio.sleep(0)
        hold.answer(Sent())
        await stage.engine.stop()
        assert (await stage.only()).state == "delivered"


async def test_whoever_is_asked_to_stop_begins_nothing(on_stage: Staged) -> None:
    """What comes while it stops is kept and left to the next process."""
    async with on_stage() as stage:
        await stage.trigger()
        await stage.parts.worker.stop(0.0)
        await stage.send()
        delivery = await stage.only()
        assert (delivery.claim, delivery.state, stage.channel.sent) == (0, "pending", [])


async def test_deliveries_of_a_deleted_trigger_end_cancelled(stage: Stage) -> None:
    """Noticed at the claim, with the reason."""
    trigger = await stage.trigger(enabled=False)
    await stage.send()
    await stage.engine.triggers.delete(stage.project, trigger.id)
    (delivery,) = await stage.settled("cancelled")
    assert (delivery.reason, stage.channel.sent) == ("trigger deleted", [])


async def test_editing_a_trigger_applies_to_what_is_queued(stage: Stage) -> None:
    """URL, format and policy of now; what was planned is not planned anew."""
    trigger = await stage.trigger(enabled=False)
    await stage.send()
    patch = TriggerPatch(
        endpoint=EndpointPatch(url="http://127.0.0.7:9/new"),
        format="plain",
        match=MatchDraft(type="other"),
        enabled=True,
    )
    await stage.engine.triggers.update(stage.project, trigger.id, patch)
    await stage.settled("delivered")
    ((message, to),) = stage.channel.sent
    assert (to.url, to.format, message.event.type) == ("http://127.0.0.7:9/new", "plain", "order.paid")


async def test_a_removed_event_owes_nothing(stage: Stage) -> None:
    """Removing an event cancels what is pending for it."""
    await stage.trigger(enabled=False)
    receipt = await stage.send()
    await stage.engine.remove_event(stage.project, receipt.event_id)
    assert (await stage.only()).reason == "event removed"
    with pytest.raises(EnsueError, match="no event"):
        await stage.engine.event(stage.project, receipt.event_id)
    with pytest.raises(EnsueError, match="no event"):
        await stage.engine.remove_event(stage.project, receipt.event_id)


async def test_bulk_verbs_leave_other_projects_alone(stage: Stage) -> None:
    """A selection is of one project."""
    await stage.trigger(enabled=False)
    await stage.send()
    cancelled = await stage.store.cancel(Selection(project="prj_other"), "no", stage.clock())
    assert (cancelled.count, (await stage.only()).state) == (0, "pending")


async def test_interrupted_is_due_at_once(stage: Stage) -> None:
    """The result of a stop counts for nothing, whoever gives it."""
    stage.channel.script = lambda _: Interrupted() if len(stage.channel.sent) == 1 else Sent()
    await stage.trigger()
    await stage.send()
    (delivered,) = await stage.settled("delivered")
    assert (delivered.tries, delivered.claim) == (1, 2)
