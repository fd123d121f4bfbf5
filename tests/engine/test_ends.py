"""An end that no answer brings about: what waited too long for a disabled trigger."""

from ensue.domain.schedule import DAY
from tests.engine.conftest import Staged


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
