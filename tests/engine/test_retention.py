"""What is too old goes (design section 6): in steps, project by project, never while something is owed."""

import pytest

from ensue.domain.card import CardDraft
from ensue.domain.press import BUTTON
from ensue.domain.project import Project
from ensue.domain.schedule import DAY
from ensue.engine.retention import _ROWS
from tests.engine.buttons import button, press, shown, standing
from tests.engine.stage import Stage


def project(stage: Stage, retention: int | None = None) -> Project:
    """The project with a retention of its own."""
    return Project(id=stage.project, slug="default", created_at=0, retention=retention)


async def logged(stage: Stage) -> int:
    """How many events the log has."""
    return len((await stage.store.read(None, 10_000)).events)


async def test_old_events_go_with_their_deliveries(stage: Stage) -> None:
    """At the project's own retention; what is younger stays."""
    await stage.trigger()
    await stage.send_many(3)
    await stage.settled("delivered", 3)
    stage.clock.turn(10 * DAY)
    await stage.send()
    await stage.settled("delivered", 4)
    prune = stage.parts.retention.prune
    assert await prune(project(stage, retention=11)) == 0
    assert await prune(project(stage, retention=9)) >= 6
    assert (await logged(stage), len(await stage.deliveries())) == (1, 1)


async def test_a_scheduled_event_is_as_old_as_its_time(stage: Stage) -> None:
    """It is kept from when it came into the log, not from when it was accepted: nobody saw it before."""
    await stage.send(delay=40 * DAY / 1000)
    await stage.send(delay=40 * DAY / 1000, card=CardDraft(test=True))
    stage.clock.turn(40 * DAY)

    async def there() -> bool:
        return await logged(stage) == 2

    await stage.until(there)
    prune = stage.parts.retention.prune
    await prune(project(stage, retention=30))
    assert await logged(stage) == 2
    stage.clock.turn(8 * DAY)
    await prune(project(stage, retention=30))
    assert await logged(stage) == 1
    stage.clock.turn(23 * DAY)
    await prune(project(stage, retention=30))
    assert await logged(stage) == 0


async def test_test_events_go_sooner(stage: Stage) -> None:
    """After a week, where the others stay for a year."""
    await stage.send(card=CardDraft(test=True))
    await stage.send()
    stage.clock.turn(8 * DAY)
    assert await stage.parts.retention.prune(project(stage)) == 1
    assert await logged(stage) == 1


async def test_it_goes_in_steps(stage: Stage) -> None:
    """Many rows are many small commits."""
    retention_rows, calls = _ROWS, 0
    prune = stage.store.prune

    async def counted(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        assert arguments[-1] == retention_rows
        return await prune(*arguments)  # type: ignore[arg-type]

    stage.store.prune = counted  # type: ignore[method-assign, assignment]
    await stage.send_many(3 * retention_rows)
    stage.clock.turn(400 * DAY)
    assert await stage.parts.retention.prune(project(stage)) == 3 * retention_rows
    assert (await logged(stage), calls >= 3) == (0, True)


async def test_what_waits_for_a_disabled_trigger_ends_cancelled(stage: Stage) -> None:
    """With the project's retention, said with its reason; what is younger goes on waiting, and so does its event."""
    await stage.trigger(enabled=False)
    await stage.send()
    stage.clock.turn(10 * DAY)
    await stage.send()
    await stage.parts.retention.prune(project(stage, retention=5))
    states = [(one.state, one.reason) for one in await stage.deliveries(state="cancelled")]
    assert states == [("cancelled", "trigger disabled for too long")]
    assert (await logged(stage), len(await stage.deliveries(state="pending"))) == (1, 1)


async def test_events_with_debts_are_kept(stage: Stage) -> None:
    """However old: what is still to be delivered has its event."""
    trigger = await stage.trigger(enabled=False)
    await stage.send()
    await stage.engine.triggers.enable(stage.project, trigger.id, enabled=True)
    await stage.settled("delivered", 1)
    await stage.parts.worker.stop(0.0)
    await stage.send()
    stage.clock.turn(1000 * DAY)
    await stage.parts.retention.prune(project(stage))
    assert (await logged(stage), [one.state for one in await stage.deliveries()]) == (1, ["pending"])


async def test_buttons_are_forgotten_with_their_events(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """How they stood goes when the event is gone, in steps; that of an event that is still there stays."""
    monkeypatch.setattr("ensue.engine.retention._ROWS", 2)
    for _ in range(5):
        await press(stage, await shown(stage, button()))
    stage.clock.turn(10 * DAY)
    young = await shown(stage, button())
    await press(stage, young)
    await stage.idle()
    assert len(await stage.store.list(BUTTON, stage.project, None, 99)) == 6
    await stage.parts.retention.prune(project(stage, retention=9))
    (left,) = await stage.store.list(BUTTON, stage.project, None, 99)
    assert left.id.startswith(young)
    assert await standing(stage, young) is not None
