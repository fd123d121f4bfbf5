"""Replays that go on: in steps, each one commit, beside fresh deliveries, and on after whatever happens."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ensue.channels.base import Message
from ensue.domain.delivery import Delivery, Failed, Result, Sent
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.project import Project
from ensue.domain.replay import REPLAY, Replay, Replayable, Wanted, replay_document, replay_lane
from ensue.domain.schedule import DAY
from ensue.domain.trigger import RetryDraft
from ensue.engine import replays
from ensue.engine.replays import CROWDED, MOST, MOST_RUNNING, PACE, Standing, _Run, pause_after
from ensue.engine.sieve import Sieve
from ensue.store.past import Past, Stretch
from ensue.store.sqlite import SqliteStore
from tests.engine.stage import Hold, Stage, staged


async def begun(stage: Stage, **wanted: Any) -> Replay:
    """A replay that was begun."""
    return await stage.engine.replays.begin(stage.project, Wanted(**wanted))


async def standing(stage: Stage, replay: Replay) -> Standing:
    """How it stands now."""
    return await stage.engine.replays.get(stage.project, replay.id)


async def ended(stage: Stage, replay: Replay) -> Replay:
    """The replay once it makes nothing more."""

    async def over() -> bool:
        return (await standing(stage, replay)).replay.state != "running"

    await stage.until(over)
    return (await standing(stage, replay)).replay


async def made(stage: Stage, replay: Replay) -> list[Delivery]:
    """The deliveries that it made, oldest first."""
    return await stage.deliveries(replay=replay.id)


async def test_each_event_once_in_the_order_of_the_log(stage: Stage) -> None:
    """More than a step's worth: each event owes one delivery, oldest first, all of them arrive."""
    count = 2 * MOST + 10
    await stage.send_many(count)
    to = await stage.trigger("none")
    replay = await begun(stage, to=to.id)
    assert (replay.count, (await ended(stage, replay)).made) == (count, count)
    log = [event.id for _, event in (await stage.store.read(None, 10_000)).events]
    assert [one.event_id for one in await made(stage, replay)] == log
    await stage.settled("delivered", count)
    assert {message.replay for message, _ in stage.channel.sent} == {replay.id}
    assert (await standing(stage, replay)).states == {"delivered": count}


def test_a_replay_gives_way() -> None:
    """It keeps its pace, rests as long as it worked, and longer where the process is late, up to a second."""
    assert pause_after(0.01, MOST, 0.0) == pytest.approx(MOST / PACE - 0.01)
    assert pause_after(0.2, 0, 0.001) == 0.2
    assert pause_after(3.0, 0, 0.0) == 0.25
    assert pause_after(0.01, MOST, 0.03) == pytest.approx(0.3)
    assert pause_after(0.01, MOST, 5.0) == 1.0


async def test_what_comes_meanwhile_is_not_replayed(stage: Stage) -> None:
    """A replay is of the past: it does not run after what it makes itself, or what comes later."""
    trigger = await stage.trigger()
    await stage.send_many(3)
    await stage.settled("delivered", 3)
    first = await begun(stage, trigger=trigger.id)
    await stage.send_many(2)
    assert (await ended(stage, first)).made == 3
    await stage.settled("delivered", 8)
    again = await begun(stage, trigger=trigger.id, state="delivered")
    assert (await ended(stage, again)).made == 5, "each event once, however often it was delivered"


@pytest.mark.parametrize("state", ["dead", "cancelled", "delivered"])
async def test_by_how_deliveries_stand(stage: Stage, state: Replayable) -> None:
    """Each goes to the trigger that it went to before."""
    stage.channel.script = lambda _message: Failed("no") if state == "dead" else Sent()
    once = RetryDraft(attempts=1)
    triggers = [await stage.trigger(kind, enabled=state != "cancelled", retry=once) for kind in ("a", "b")]
    receipts = [await stage.send(kind) for kind in ("a", "b")]
    if state == "cancelled":
        for waiting in await stage.deliveries():
            await stage.engine.cancel(stage.project, waiting.id)
    await stage.settled(state, 2)
    replay = await begun(stage, state=state)
    assert (await ended(stage, replay)).made == 2
    found = [(one.event_id, one.trigger) for one in await made(stage, replay)]
    assert found == [(receipt.event_id, one.id) for receipt, one in zip(receipts, triggers, strict=True)]


async def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """A server that stopped in the midst of it: whoever serves next makes the rest, and nothing twice."""
    count = 4 * MOST
    async with staged(tmp_path, store=SqliteStore(str(tmp_path))) as stage:
        stage.channel.script = Hold()
        await stage.send_many(count)
        replay = await begun(stage, to=(await stage.trigger("none")).id)

        async def crowded() -> bool:
            return (await standing(stage, replay)).replay.made == 2 * MOST

        await stage.until(crowded)
    async with staged(tmp_path, store=SqliteStore(str(tmp_path))) as stage:
        assert (await ended(stage, replay)).made == count
        await stage.settled("delivered", count)
        assert len({one.event_id for one in await made(stage, replay)}) == count


async def test_a_step_that_was_kept_after_all(stage: Stage) -> None:
    """The store said that it could not, but had: the replay looks at what is kept, and owes nothing twice."""
    count = 2 * MOST
    owe, said = stage.store.owe, 0

    async def lying(deliveries: Sequence[Delivery], puts: Sequence[Put]) -> None:
        nonlocal said
        await owe(deliveries, puts)
        said += 1
        if said == 1:
            raise EnsueError("unavailable", "The disk is full.")

    stage.store.owe = lying  # type: ignore[method-assign]
    await stage.send_many(count)
    replay = await begun(stage, to=(await stage.trigger("none")).id)
    assert (await ended(stage, replay)).made == count
    assert len({one.event_id for one in await made(stage, replay)}) == len(await made(stage, replay)) == count


async def test_it_waits_for_its_receiver(stage: Stage) -> None:
    """No more is made than a little more than what a hung receiver is tried with; cancelling makes nothing more."""
    stage.channel.script = Hold()
    await stage.send_many(4 * MOST)
    replay = await begun(stage, to=(await stage.trigger("none")).id)

    async def crowded() -> bool:
        return await stage.store.due(replay_lane(replay.wanted.to or ""), stage.clock(), 10_000) >= CROWDED

    await stage.until(crowded)
    cancelled = await stage.engine.replays.cancel(stage.project, replay.id, deliveries=False)
    assert cancelled.replay.state == "cancelled"
    assert len(await made(stage, replay)) == cancelled.replay.made <= CROWDED + MOST
    with pytest.raises(EnsueError) as refused:
        await stage.engine.replays.cancel(stage.project, replay.id, deliveries=False)
    assert refused.value.code == "conflict"
    stopped = await stage.engine.replays.cancel(stage.project, replay.id, deliveries=True)
    assert stopped.states["cancelled"] == cancelled.replay.made
    assert {one.reason for one in await made(stage, replay)} == {"replay cancelled"}


async def test_fresh_deliveries_do_not_wait(stage: Stage) -> None:
    """While replayed ones hang, a fresh delivery of the same trigger is tried at once, born claimed."""
    await stage.send_many(MOST)
    hold = stage.channel.script = Hold()
    trigger = await stage.trigger()
    await begun(stage, trigger=trigger.id)
    await stage.until(lambda: hold.count == 5)
    await stage.send(subject="fresh")
    await stage.until(lambda: hold.count == 6)
    assert stage.channel.sent[-1][0].event.subject == "fresh"
    assert stage.channel.sent[-1][0].replay is None


async def test_the_room_of_a_trigger_is_not_exceeded(stage: Stage) -> None:
    """A receiver that takes one request at a time gets one at a time, fresh and replayed ones together."""
    running = most = 0

    async def counted(_message: Message) -> Result:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Sent()

    await stage.send_many(40)
    trigger = await stage.trigger(concurrency=1)
    stage.channel.script = counted
    await begun(stage, trigger=trigger.id)
    for _ in range(20):
        await stage.send()
    await stage.settled("delivered", 60)
    assert most == 1


async def test_what_waits_for_a_disabled_trigger_keeps_nobody(stage: Stage) -> None:
    """It is made and waits, as fresh deliveries do, and goes out on enabling."""
    await stage.send_many(3 * MOST)
    off = await stage.trigger("none", enabled=False)
    replay = await begun(stage, to=off.id)
    assert (await ended(stage, replay)).made == 3 * MOST
    assert stage.channel.sent == []
    await stage.engine.triggers.enable(stage.project, off.id, enabled=True)
    await stage.settled("delivered", 3 * MOST)


async def test_a_trigger_that_is_deleted_ends_it(stage: Stage) -> None:
    """The replay fails and says why; what was made is cancelled as it is looked at."""
    stage.channel.script = Hold()
    await stage.send_many(4 * MOST)
    to = await stage.trigger("none")
    replay = await begun(stage, to=to.id)
    await stage.engine.triggers.delete(stage.project, to.id)
    failed = await ended(stage, replay)
    assert (failed.state, to.id in (failed.reason or "")) == ("failed", True)


async def test_a_slow_filter_ends_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that takes too long too often ends the replay with a reason, and its count with an error."""
    await stage.send_many(5)
    to = await stage.trigger("none")
    with monkeypatch.context() as patched:
        patched.setattr(replays, "Sieve", lambda most: Sieve(most, timer=iter(range(10_000)).__next__))
        with pytest.raises(EnsueError) as refused:
            await begun(stage, to=to.id, filter="event.type == 'a'")
    assert (refused.value.code, refused.value.field) == ("invalid", "filter")
    kept = Replay(id="rpl_slow", project=stage.project, wanted=Wanted(to=to.id, filter="true"), created_at=0, end="9")
    (document,) = await stage.store.put([Put(document=replay_document(kept))])
    await stage.engine.replays._try(_Run(document, Sieve(9, iter(range(99)).__next__)))
    failed = (await standing(stage, kept)).replay
    assert (failed.state, "simpler" in (failed.reason or "")) == ("failed", True)


async def test_a_sparse_replay_comes_to_its_end(stage: Stage) -> None:
    """Steps that find nothing are no commits, and lead on."""
    await stage.send_many(3 * MOST)
    await stage.send(subject="rare")
    to = await stage.trigger("none")
    replay = await begun(stage, to=to.id, filter="event.subject == 'rare'")
    assert (await ended(stage, replay)).made == 1
    kept = await stage.store.get(REPLAY, stage.project, replay.id)
    assert kept is not None
    assert kept.revision <= 3, "made, and at most once said how far it was"


async def test_scheduled_events_and_buttons_are_not_replayed(stage: Stage) -> None:
    """What was cancelled before it happened never happened."""
    receipt = await stage.send(delay=60)
    await stage.engine.cancel_event(stage.project, receipt.event_id)
    to = await stage.trigger("none")
    for wanted in ({"state": "cancelled"}, {"to": to.id}):
        assert (await ended(stage, await begun(stage, **wanted))).made == 0


async def test_so_many_run_at_once(stage: Stage) -> None:
    """Beyond that a replay is refused until one has ended."""
    stage.channel.script = Hold()
    await stage.send_many(4 * MOST)
    to = await stage.trigger("none")
    asked = [begun(stage, to=to.id) for _ in range(MOST_RUNNING + 5)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    running = [one for one in told if isinstance(one, Replay)]
    assert (len(running), [str(one)[:12] for one in told[MOST_RUNNING:]]) == (MOST_RUNNING, ["This project"] * 5)
    with pytest.raises(EnsueError) as refused:
        await begun(stage, to=to.id)
    assert refused.value.code == "conflict"
    await stage.engine.replays.cancel(stage.project, running[0].id, deliveries=True)
    assert (await begun(stage, to=to.id)).state == "running"


async def test_counting_ends_in_time(stage: Stage) -> None:
    """A count that takes too long says that it is not exact."""
    await stage.send_many(1_500)
    to = await stage.trigger("none")
    counted = await stage.engine.replays.count(stage.project, Wanted(to=to.id), patience=-1)
    assert (counted.count, counted.exact) == (1_000, False)
    counted = await stage.engine.replays.count(stage.project, Wanted(to=to.id))
    assert (counted.count, counted.exact) == (1_500, True)


async def test_old_replays_are_forgotten(stage: Stage) -> None:
    """With the project's retention; one that runs is kept."""
    stage.channel.script = Hold()
    await stage.send_many(4 * MOST)
    off, on = await stage.trigger("none", enabled=False), await stage.trigger("none")
    done, running = await begun(stage, to=off.id, type="none"), await begun(stage, to=on.id)
    await ended(stage, done)
    stage.clock.turn(10 * DAY)
    await stage.parts.retention.prune(Project(id=stage.project, slug="default", created_at=0, retention=9))
    assert [one.replay.id for one in await stage.engine.replays.list(stage.project, None, 9)] == [running.id]
    with pytest.raises(EnsueError) as refused:
        await standing(stage, done)
    assert refused.value.code == "not_found"


async def test_many_counts_take_turns(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask at once, one is at it at a time, so that those who send have the rest of the process."""
    await stage.send_many(6)
    to = await stage.trigger("none")
    monkeypatch.setattr(replays, "_COUNTED", 2)
    at_once: list[int] = []
    under_way = 0
    past = stage.store.past

    async def noted(query: Past) -> Stretch:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        try:
            return await past(query)
        finally:
            under_way -= 1

    monkeypatch.setattr(stage.store, "past", noted)
    wanted = Wanted(to=to.id)
    counted = await asyncio.gather(*(stage.engine.replays.count(stage.project, wanted) for _ in range(4)))
    assert [(one.count, one.exact) for one in counted] == [(6, True)] * 4
    assert (max(at_once), len(at_once) >= 12) == (1, True)
