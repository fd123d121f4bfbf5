"""A trigger to which nothing arrives any more is switched off, with the cause, once; others are let be."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from ensue.channels.base import Message
from ensue.domain.delivery import Failed, Result, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.project import Project
from ensue.domain.schedule import DAY, HOUR
from ensue.domain.streak import ENOUGH, FEWEST
from ensue.domain.trigger import EndpointPatch, RetryDraft, Trigger, TriggerPatch
from ensue.engine.clearing import Clearing
from tests.engine.stage import Stage

ONCE = RetryDraft(1)


def down(message: Message) -> Result:
    """A receiver that fails, but hears what Ensue itself tells."""
    return Sent() if message.event.is_own else Failed("status 500")


async def tried(stage: Stage, count: int) -> None:
    """So many more events were sent, and all of their tries are settled."""
    before = len(stage.channel.sent)
    await stage.send_many(count)
    await stage.until(lambda: len(stage.channel.sent) >= before + count)
    await stage.idle()


async def now(stage: Stage, trigger: Trigger) -> Trigger:
    """The trigger as it is, when nothing is looked at any more."""
    await stage.parts.worker._settlement._patience.settled()
    return stage.engine.triggers.get(stage.project, trigger.id)


async def test_a_hundred_failures_over_an_hour(stage: Stage) -> None:
    """Switched off with the cause, told by an event once; what comes waits, and goes out when it is enabled."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await stage.trigger("ensue.trigger.*", name="told")
    await tried(stage, ENOUGH - 1)
    stage.clock.turn(HOUR)
    assert (await now(stage, trigger)).enabled
    await tried(stage, 1)
    off = await now(stage, trigger)
    cause = f"{ENOUGH} tries in a row failed over an hour; the last said: status 500"
    assert (off.enabled, off.disabled_reason) == (False, cause)
    await stage.settled("delivered", 1)
    (told,) = [message.event for message, _ in stage.channel.sent if message.event.is_own]
    assert (told.type, told.subject) == ("ensue.trigger.disabled", trigger.id)
    assert msgspec.json.decode(told.data) == {"trigger": trigger.id, "name": trigger.name, "reason": cause}
    await stage.send()
    await stage.idle()
    stage.channel.script = lambda _: Sent()
    assert len(await stage.deliveries(state="pending")) == 1
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    await stage.settled("delivered", 2)
    assert (await now(stage, trigger)).disabled_reason is None


async def test_five_days_of_nothing_else(stage: Stage) -> None:
    """Ten are enough then, and fewer never: who fires rarely is not given up. A retry counts as much as a fresh one."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=RetryDraft(2, [604_800.0]))
    await stage.send()
    await stage.retried(1)
    stage.clock.turn(5 * DAY - 1)
    await tried(stage, FEWEST - 2)
    stage.clock.turn(1)
    assert (await now(stage, trigger)).enabled
    stage.clock.turn(5 * DAY)
    await stage.until(lambda: len(stage.channel.sent) >= FEWEST)
    await stage.idle()
    cause = f"{FEWEST} tries in a row failed over 10 days; the last said: status 500"
    assert (await now(stage, trigger)).disabled_reason == cause


async def test_one_that_arrives_saves_it(stage: Stage) -> None:
    """Failures before it count no more."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, ENOUGH - 1)
    stage.channel.script = lambda _: Sent()
    await tried(stage, 1)
    stage.channel.script = down
    stage.clock.turn(2 * HOUR)
    await tried(stage, 10)
    assert (await now(stage, trigger)).enabled


@pytest.mark.parametrize("way", ["enable", "patch", "endpoint"])
async def test_failures_count_anew(stage: Stage, way: str) -> None:
    """After it was enabled again, or sends elsewhere."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, ENOUGH)
    stage.clock.turn(HOUR)
    if way == "enable":
        await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    else:
        url = EndpointPatch(url="http://127.0.0.1:9/other")
        patch = TriggerPatch(enabled=True) if way == "patch" else TriggerPatch(endpoint=url)
        await stage.engine.triggers.update(stage.project, trigger.id, patch)
    await tried(stage, 1)
    assert (await now(stage, trigger)).enabled
    assert [one.count for one in await stage.store.streaks([trigger.id])] == [1]


@pytest.mark.parametrize("way", ["enable", "patch"])
async def test_what_is_cut_off_is_not_on_with_old_failures(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Where failures cannot be forgotten a trigger stays off: else the next single failure would switch it off."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, ENOUGH - 1)
    stage.clock.turn(HOUR)
    await tried(stage, 1)
    assert not (await now(stage, trigger)).enabled

    async def full(_trigger: str) -> None:
        raise EnsueError("unavailable", "The disk is full.")

    monkeypatch.setattr(stage.store, "forgive", full)
    triggers, patch = stage.engine.triggers, TriggerPatch(enabled=True)
    ways: dict[str, Callable[[], Awaitable[Any]]] = {
        "enable": lambda: triggers.enable(stage.project, trigger.id, enabled=True),
        "patch": lambda: triggers.update(stage.project, trigger.id, patch),
    }
    with pytest.raises(EnsueError, match="full"):
        await ways[way]()
    assert not (await now(stage, trigger)).enabled


async def test_a_change_that_is_refused_forgives_nothing(stage: Stage) -> None:
    """Neither a wrong one, nor one by another project."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, 3)
    with pytest.raises(EnsueError):
        await stage.engine.triggers.update(stage.project, trigger.id, TriggerPatch(enabled=True, name=""))
    with pytest.raises(EnsueError):
        await stage.engine.triggers.enable("prj_other", trigger.id, enabled=True)
    assert [one.count for one in await stage.store.streaks([trigger.id])] == [3]


@pytest.mark.parametrize("kind", ["spacecloud", "spacecloud-1.0-rc1"])
async def test_who_converses_is_not_judged(stage: Stage, kind: Any) -> None:
    """Space Cloud's receivers are tried on whatever they answer."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE, format=kind)
    await tried(stage, ENOUGH)
    stage.clock.turn(6 * DAY)
    await tried(stage, 1)
    assert (await now(stage, trigger)).enabled
    assert await stage.store.streaks([trigger.id]) == []


async def test_a_deleted_trigger_leaves_nothing(stage: Stage) -> None:
    """Its count goes with it."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, 1)
    assert len(await stage.store.streaks([trigger.id])) == 1
    await stage.engine.triggers.delete(stage.project, trigger.id)
    assert await stage.store.streaks([trigger.id]) == []


async def test_a_deleted_project_leaves_nothing(stage: Stage) -> None:
    """The counts of its triggers go with them."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, 1)
    project = Project(id=stage.project, slug="default", created_at=0, deleted_at=stage.clock())
    await Clearing(stage.store, stage.clock).clear(project)
    assert await stage.store.streaks([trigger.id]) == []


async def test_a_store_that_cannot_be_asked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Costs nothing but a line in the log; the next failure is looked at again."""
    stage.channel.script = down
    trigger = await stage.trigger(retry=ONCE)
    await tried(stage, ENOUGH)
    stage.clock.turn(HOUR)

    async def refused(_: Any) -> Any:
        raise EnsueError("unavailable", "The disk is full.")

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(stage.store, "streaks", refused)
        await tried(stage, 1)
        assert (await now(stage, trigger)).enabled
    assert "The disk is full" in caplog.text
    await tried(stage, 1)
    assert not (await now(stage, trigger)).enabled
