"""An event that somebody asks about: tried at once, the first response wins, and nobody waits for nothing."""

import asyncio
import json
from typing import Any

import pytest
from msgspec import Raw

from ensue.domain.delivery import Failed, Result, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.trigger import RetryDraft, Trigger
from ensue.store.base import EventQuery
from ensue.testing import PATIENCE
from tests.engine.conftest import Staged
from tests.engine.stage import Hold, Stage

LONG = 60.0
"""A patience that no test uses up."""
SHORT = 0.05
"""One that a test uses up."""


def says(response: Any) -> Sent:
    """An answer with that response."""
    return Sent(reply=Raw(json.dumps({"response": response}).encode()))


async def hook(stage: Stage, kind: str = "a", **fields: Any) -> Trigger:
    """A trigger of Space Cloud's format; each has a URL of its own."""
    return await stage.trigger(kind, **({"format": "spacecloud"} | fields))


def by_name(stage: Stage, results: dict[str, Result | Hold]) -> None:
    """Each trigger, told apart by the end of its URL, answers so."""

    async def script(_message: Any) -> Result:
        result = results[stage.channel.sent[-1][1].url.rpartition("/")[2]]
        return await result(_message) if isinstance(result, Hold) else result

    stage.channel.script = script


def url(name: str) -> str:
    """Where the trigger of that name sends."""
    return f"http://127.0.0.1:9/{name}"


async def types(stage: Stage) -> list[str]:
    """The types in the log."""
    return [one.type for one in (await stage.engine.events(EventQuery(project=stage.project, limit=100))).items]


async def refused(stage: Stage, patience: float = LONG, **fields: Any) -> str:
    """The code with which a question is refused."""
    with pytest.raises(EnsueError) as refusal:
        await stage.engine.ask(stage.intake("a", **fields), patience)
    return refusal.value.code


@pytest.mark.parametrize("response", [{"foo": "bar"}, 0, False, "", []])
async def test_the_response_comes_back(stage: Stage, response: Any) -> None:
    """Any JSON but null; the event and its delivery are as ever."""
    stage.channel.script = lambda _: says(response)
    await hook(stage)
    assert json.loads(bytes(await stage.engine.ask(stage.intake("a"), LONG))) == response
    await stage.settled("delivered")
    assert await types(stage) == ["a"]


@pytest.mark.parametrize("case", ["none", "other type", "other format", "disabled"])
async def test_nobody_who_may_answer_is_said_at_once(stage: Stage, case: str) -> None:
    """And nothing is stored; whether it is for now or for soon."""
    if case == "other type":
        await hook(stage, "b")
    elif case == "other format":
        await stage.trigger("a")
    elif case == "disabled":
        await hook(stage, enabled=False)
    assert await refused(stage) == "not_found"
    assert await refused(stage, delay=5) == "not_found"
    assert await refused(stage, delay=100_000) == "not_found"
    assert (await types(stage), await stage.deliveries()) == ([], [])


async def test_the_first_response_of_several_wins(stage: Stage) -> None:
    """Those without one, or with null, are passed over; what others answer later changes nothing."""
    later = Hold()
    by_name(stage, {"later": later, "none": Sent(), "null": says(None), "wins": says(1), "fails": Failed("no")})
    for name in ("later", "none", "null", "fails", "wins"):
        await hook(stage, url=url(name), name=name)
    assert bytes(await stage.engine.ask(stage.intake("a"), LONG)) == b"1"
    later.answer(says(2))
    await stage.settled("delivered", 4)


@pytest.mark.parametrize("result", [Sent(), says(None), Sent(reply=Raw(b"{}"))])
async def test_when_all_have_ended_nobody_waits(stage: Stage, result: Result) -> None:
    """A long patience is not waited out."""
    stage.channel.script = lambda _: result
    await hook(stage)
    await stage.trigger("a", name="native")
    assert await refused(stage) == "timeout"
    await stage.settled("delivered", 2)


async def test_a_death_ends_the_wait(stage: Stage) -> None:
    """No try is left that could bring a response."""
    stage.channel.script = lambda _: Failed("no")
    await hook(stage, retry=RetryDraft(1))
    assert await refused(stage) == "timeout"
    await stage.settled("dead")


async def test_a_second_try_within_the_patience_counts(stage: Stage) -> None:
    """The first one failed; its retry goes on, and is listened to."""
    stage.channel.script = lambda message: Failed("no") if message.attempt == 1 else says("late")
    await hook(stage, retry=RetryDraft(2, [5.0], 0))
    asked = asyncio.create_task(stage.engine.ask(stage.intake("a"), LONG))
    await stage.until(lambda: stage.channel.sent)
    await stage.retried(1)
    assert not asked.done()
    stage.clock.turn(5_000)
    assert bytes(await asked) == b'"late"'


async def test_patience_ends_and_the_delivery_goes_on(stage: Stage) -> None:
    """The caller hears of it; the receiver is not disturbed."""
    slow = Hold()
    stage.channel.script = slow
    await hook(stage)
    assert await refused(stage, SHORT) == "timeout"
    slow.answer(says(1))
    await stage.settled("delivered")
    assert not stage.parts.worker._watched


async def test_a_commit_that_hangs_is_not_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is that of the caller, whatever takes its time; the event is stored and sent all the same."""
    await hook(stage)
    append, free = stage.store.append, asyncio.Event()

    async def hanging(plan: Any) -> Any:
        await free.wait()
        return await append(plan)

    monkeypatch.setattr(stage.store, "append", hanging)
    assert await refused(stage, SHORT) == "timeout"
    free.set()
    await stage.settled("delivered")
    await stage.idle()
    assert not stage.parts.worker._watched


async def test_a_caller_that_goes_away_changes_nothing(stage: Stage) -> None:
    """The event is stored and delivered, also when it was for soon."""
    slow = Hold()
    stage.channel.script = slow
    await hook(stage)
    asked = [
        asyncio.create_task(stage.engine.ask(stage.intake("a"), LONG)),
        asyncio.create_task(stage.engine.ask(stage.intake("a", delay=5), LONG)),
    ]
    await stage.until(lambda: slow.count == 1)
    for one in asked:
        one.cancel()
    stage.clock.turn(5_000)
    await stage.until(lambda: slow.count == 2)
    slow.answer(says(1))
    await stage.settled("delivered", 2)


async def test_without_room_nothing_is_stored(stage: Stage) -> None:
    """Not even where one of two could be tried; the room that was taken is free again."""
    slow = Hold()
    by_name(stage, {"full": slow, "free": says(1)})
    await hook(stage, "b", url=url("full"), concurrency=1)
    full = await hook(stage, ["a", "b"], url=url("full"), name="full", concurrency=1)  # type: ignore[arg-type]
    await hook(stage, url=url("free"), name="free")
    await stage.send("b")
    await stage.until(lambda: slow.count == 2)
    assert await refused(stage) == "unavailable"
    assert await types(stage) == ["b"]
    slow.answer(Sent())
    await stage.idle()
    await stage.engine.triggers.delete(stage.project, full.id)
    assert bytes(await stage.engine.ask(stage.intake("a"), LONG)) == b"1"


async def test_what_is_asked_overtakes_what_is_due(on_stage: Staged) -> None:
    """A lane with older ones due has room all the same: somebody waits."""
    async with on_stage(start=False) as stage:
        stage.channel.script = lambda _: says(1)
        trigger = await hook(stage)
        stage.lanes.note(trigger.id, stage.clock() - 1)
        assert bytes(await stage.engine.ask(stage.intake("a"), LONG)) == b"1"


async def test_other_deliveries_of_the_event_need_no_room(stage: Stage) -> None:
    """Only those that may answer do: a native trigger that is busy, or disabled, has it wait."""
    by_name(stage, {"hook": says(1)})
    await hook(stage)
    await stage.trigger("a", name="native", enabled=False)
    assert bytes(await stage.engine.ask(stage.intake("a"), LONG)) == b"1"
    assert len(await stage.deliveries(state="pending")) == 1


async def test_one_for_soon_is_waited_for(stage: Stage) -> None:
    """A clock that is ahead of ours by a little is the normal case."""
    stage.channel.script = lambda _: says(1)
    await hook(stage)
    asked = asyncio.create_task(stage.engine.ask(stage.intake("a", delay=5), LONG))
    await asyncio.sleep(0)
    stage.clock.turn(4_999)
    await asyncio.sleep(0)
    assert (asked.done(), stage.channel.sent) == (False, [])
    stage.clock.turn(1)
    assert bytes(await asked) == b"1"


async def test_one_for_soon_needs_no_turn_of_the_clock(stage: Stage) -> None:
    """The wait ends by itself."""
    stage.channel.script = lambda _: says(1)
    await hook(stage)
    assert bytes(await stage.engine.ask(stage.intake("a", delay=0.02), LONG)) == b"1"


async def test_one_for_much_later_is_stored_and_waited_for_in_vain(stage: Stage) -> None:
    """As its clients know it: a timeout, and the event comes when it is due."""
    await hook(stage)
    assert await refused(stage, SHORT, delay=3_600) == "timeout"
    assert (await stage.deliveries(kind="event"))[0].due_at - stage.clock() == 3_600_000


async def test_for_one_for_much_later_a_commit_that_hangs_is_not_waited_for_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is scheduled all the same, when the disk goes on."""
    await hook(stage)
    append, free = stage.store.append, asyncio.Event()

    async def hanging(plan: Any) -> Any:
        await free.wait()
        return await append(plan)

    monkeypatch.setattr(stage.store, "append", hanging)
    async with asyncio.timeout(PATIENCE):
        assert await refused(stage, SHORT, delay=3_600) == "timeout"
    free.set()
    await stage.until(lambda: stage.deliveries(kind="event"))


async def test_a_repeat_is_a_conflict(stage: Stage) -> None:
    """Nothing is sent a second time."""
    stage.channel.script = lambda _: says(1)
    await hook(stage)
    assert bytes(await stage.engine.ask(stage.intake("a", idempotency_key="k"), LONG)) == b"1"
    assert await refused(stage, idempotency_key="k") == "conflict"
    assert len(stage.channel.sent) == 1


async def test_a_stop_ends_all_waits(on_stage: Staged) -> None:
    """What was for soon is stored as scheduled; whoever waits for an answer hears that there will be none."""
    async with on_stage() as stage:
        slow = Hold()
        stage.channel.script = slow
        await hook(stage)
        asked = [
            asyncio.create_task(stage.engine.ask(stage.intake("a"), LONG)),
            asyncio.create_task(stage.engine.ask(stage.intake("a", delay=5), LONG)),
        ]
        await stage.until(lambda: slow.count == 1)
        await stage.engine.stop()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert [one.code for one in found if isinstance(one, EnsueError)] == ["unavailable", "unavailable"]
        assert len(await stage.deliveries(kind="event")) == 1
