"""Ends that no answer brings about: what waited too long for a disabled trigger, and what finds no room at all."""

import pytest

from ensue.domain.delivery import Sent
from ensue.domain.errors import EnsueError
from ensue.domain.schedule import DAY
from ensue.store.base import EventQuery
from tests.engine.conftest import Staged
from tests.engine.stage import Hold


async def test_what_waits_too_long_for_a_disabled_trigger_ends(on_stage: Staged) -> None:
    """After the project's retention it is cancelled with the reason; what is younger waits on."""
    async with on_stage(retention=30 * 86_400.0) as stage:
        trigger = await stage.trigger(enabled=False)
        await stage.send()
        old = await stage.only()
        stage.clock.turn(31 * DAY)
        await stage.send()
        project = stage.engine.rules.project(stage.project)
        assert project is not None
        await stage.parts.retention.prune(project)
        (ended,) = await stage.deliveries(state="cancelled")
        (waiting,) = await stage.deliveries(state="pending", trigger=trigger.id)
    assert (ended.id, ended.reason) == (old.id, "trigger disabled for too long")
    assert waiting.id != old.id


async def test_without_room_nothing_is_stored_that_somebody_waits_for(on_stage: Staged) -> None:
    """Whoever waits for the outcome hears 'unavailable, in a second' instead; with room it goes through."""
    async with on_stage(trigger_room=1) as stage:
        stage.channel.script = hold = Hold()
        trigger = await stage.trigger()
        await stage.send()
        await stage.until(lambda: hold.count == 1)
        with pytest.raises(EnsueError) as refused:
            await stage.engine.send_to(stage.intake("order.tried"), trigger)
        assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1)
        assert len((await stage.store.page(EventQuery(project=stage.project))).items) == 1
        assert len(await stage.deliveries()) == 1
        hold.answer(Sent())
        await stage.idle()
        stage.channel.script = lambda _: Sent()
        ended = await stage.engine.send_to(stage.intake("order.tried"), trigger)
    assert ended.delivery is not None
    assert ended.delivery.state == "delivered"
