"""How results become outcomes (invariants 5 and 6): one commit, tried until it is kept, and nothing sent meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ensue.domain.delivery import Failed, Outcome, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import RetryDraft
from ensue.engine import settlement, worker
from ensue.store.base import Changes, Verdict
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage

FULL = EnsueError("unavailable", "The disk is full.", retry_after=1)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between two goes are short here."""
    for name in ("_PAUSE", "_LONGEST_PAUSE"):
        monkeypatch.setattr(settlement, name, 0.001)
    monkeypatch.setattr(worker, "_PAUSE", 0.001)


class Failing:
    """The store's `settle`, which fails as long as `error` stands, or for outcomes that `refuses` names."""

    def __init__(self, stage: Stage) -> None:
        self._settle = stage.store.settle
        self.calls = 0
        self.error: Exception | None = None
        self.refuses: Callable[[Outcome], bool] = lambda _outcome: False
        stage.store.settle = self  # type: ignore[method-assign]

    async def __call__(
        self, decision: Callable[[Changes], Sequence[Outcome]], patience: float = 0.0
    ) -> Sequence[Verdict]:
        """Fail, or do it."""
        self.calls += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error

        def looked_at(changes: Changes) -> Sequence[Outcome]:
            outcomes = decision(changes)
            if any(self.refuses(outcome) for outcome in outcomes):
                raise RuntimeError("a row that the store refuses")
            return outcomes

        return await self._settle(looked_at, patience)


async def test_an_outcome_is_tried_until_it_is_kept(stage: Stage) -> None:
    """A full disk loses no answer: nothing is sent again, and the delivery ends as it was answered."""
    failing = Failing(stage)
    failing.error = FULL
    await stage.trigger()
    await stage.send()
    await stage.until(lambda: failing.calls >= 3)
    assert (await stage.only()).state == "pending"
    failing.error = None
    (delivered,) = await stage.settled("delivered")
    assert (len(stage.channel.sent), delivered.claim, delivered.tries) == (1, 1, 1)


async def test_nothing_is_sent_while_outcomes_cannot_be_kept(stage: Stage) -> None:
    """No claim, no born claim, no request that stands ready: all of it goes out when outcomes can be kept again."""
    failing = Failing(stage)
    await stage.trigger()
    failing.error = FULL
    await stage.send()
    await stage.until(lambda: failing.calls >= 2)
    sent = len(stage.channel.sent)
    await stage.send_many(30)
    stage.clock.turn(1)
    await stage.until(lambda: failing.calls >= 10)
    assert (sent, len(stage.channel.sent)) == (1, 1)
    assert {one.claim for one in (await stage.deliveries())[1:]} == {0}
    failing.error = None
    await stage.settled("delivered", 31)
    assert len(stage.channel.sent) == 31


async def test_a_request_that_stood_ready_is_not_written(stage: Stage) -> None:
    """Claimed, about to be written, and then outcomes cannot be kept: it is held back, and sent once afterwards."""
    failing = Failing(stage)
    await stage.trigger("slow")
    await stage.trigger("fast", url="http://127.0.0.8:9/hook")
    failing.error = FULL
    gate = asyncio.Event()
    send = stage.channel.send

    async def at_the_gate(message: Any, to: Any, held: Any) -> Any:
        if message.event.type == "slow":
            await gate.wait()
        return await send(message, to, held)

    stage.channel.send = at_the_gate  # type: ignore[method-assign]
    await stage.send("slow")
    await stage.send("fast")
    await stage.until(lambda: failing.calls >= 2)
    gate.set()
    await stage.until(lambda: failing.calls >= 10)
    assert stage.channel.types() == ["fast"]
    failing.error = None
    await stage.settled("delivered", 2)
    assert sorted(stage.channel.types()) == ["fast", "slow"]


async def test_one_outcome_that_is_refused_costs_the_others_nothing(stage: Stage) -> None:
    """It is tried by itself, given up, and its claim runs out; the rest of its commit is kept."""
    failing = Failing(stage)
    hold = stage.channel.script = Hold()
    await stage.trigger()
    await stage.send_many(8)
    await stage.until(lambda: hold.count == 8)
    bad = (await stage.deliveries())[3].id
    failing.refuses = lambda outcome: outcome.delivery.id == bad
    hold.answer(Sent())
    await stage.settled("delivered", 7)
    await stage.idle()
    failing.refuses = lambda _outcome: False
    left = next(one for one in await stage.deliveries() if one.id == bad)
    assert (left.state, left.claim) == ("pending", 1)
    stage.clock.turn(40_000)
    await stage.parts.scheduler.scan()  # its claim has run out, and nobody noted when
    await stage.until(lambda: hold.count == 1)
    hold.answer(Sent())
    delivered = await stage.settled("delivered", 8)
    assert next(one for one in delivered if one.id == bad).claim == 2


async def test_what_cannot_be_told_is_left_out(stage: Stage) -> None:
    """A fault of ours in planning a report keeps neither the delivery nor its neighbours from being settled."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger(retry=RetryDraft(1))

    def broken(*_: object) -> Any:
        raise RuntimeError("a bug")

    stage.parts.worker._settlement._report = broken  # type: ignore[method-assign, assignment]
    await stage.send()
    (dead,) = await stage.settled("dead")
    assert [one.error for one in await stage.attempts(dead)] == ["no"]


async def test_a_stop_does_not_wait_for_ever_for_a_full_disk(on_stage: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be kept is given up with the grace: it will be sent again, which at-least-once allows."""
    monkeypatch.setattr(worker, "_LAST_COMMITS", 0.01)
    async with on_stage() as stage:
        failing = Failing(stage)
        failing.error = FULL
        trigger = await stage.trigger()
        waiting = asyncio.ensure_future(stage.engine.send_to(stage.intake(), trigger))
        await stage.until(lambda: failing.calls >= 2)
        async with asyncio.timeout(10):
            await stage.engine.stop()
            ended = await waiting
        assert (ended.delivery, (await stage.only()).state) == (None, "pending")


async def test_outcome_attempt_and_report_are_one_commit(stage: Stage) -> None:
    """A settle that fails after it was decided leaves none of them; the next go writes each once."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger(retry=RetryDraft(1))
    failing = Failing(stage)
    failing.refuses = lambda _outcome: failing.calls < 3
    await stage.send()
    (dead,) = await stage.settled("dead")
    types = [event.type for _, event in (await stage.store.read(None, 10)).events]
    assert (len(await stage.attempts(dead)), types) == (1, ["order.paid", "ensue.delivery.dead"])


async def test_a_backlog_of_outcomes_holds_claims_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat: scheduled events are not claimed faster than their emission commits."""
    monkeypatch.setattr(settlement, "_CROWDED", 20)
    await stage.send_many(2_000, delay=1)
    most = 0
    add = stage.parts.worker._settlement.add

    def watched(trial: Any, done: Any) -> None:
        nonlocal most
        add(trial, done)
        most = max(most, stage.parts.worker._settlement._count)

    stage.parts.worker._settlement.add = watched  # type: ignore[method-assign]
    stage.clock.turn(1_000)

    async def emitted() -> bool:
        return len((await stage.store.read(None, 10_000)).events) == 2_000

    await stage.until(emitted)
    assert 0 < most <= 520
