"""Pressing buttons: once at a time, once for good, tried once, told as events; on both stores."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ensue.domain import ids
from ensue.domain.delivery import Exchange, Failed, Sent
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.intake import ContextDraft
from ensue.domain.press import Presser, Pressing
from ensue.engine.actions import Pressed
from ensue.engine.ingest import Ingest
from ensue.engine.worker import Ended, Flight
from ensue.store.base import EventQuery, Receipt
from ensue.testing import PATIENCE
from tests.engine.buttons import ANNA, button, press, shown, standing, told
from tests.engine.conftest import Staged
from tests.engine.stage import URL, Hold, Stage

ARRIVED = Sent(Exchange(method="POST", url=URL, status=201))


def data_of(event: Event) -> dict[str, Any]:
    """The data of an event, decoded."""
    return dict(msgspec.json.decode(event.data))


async def refused(trying: "asyncio.Future[Pressed] | Any") -> str:
    """The code of a refusal."""
    with pytest.raises(EnsueError) as caught:
        await trying
    assert caught.value.message
    return caught.value.code


async def test_a_press_is_tried_once_and_told(stage: Stage) -> None:
    """Pressed, tried, done: the button says so, and two events tell who, when and what came of it."""
    stage.channel.script = lambda _: ARRIVED
    event_id = await shown(stage, button())
    pressed = await press(stage, event_id)
    assert (pressed.button.state, pressed.button.status, pressed.button.by) == ("done", 201, ANNA)
    assert pressed.attempt is not None
    assert pressed.attempt.number == 1
    ((message, to),) = stage.channel.sent
    assert (message.event.id, message.press and message.press.key, to.url, to.timeout_ms) == (
        event_id,
        "ban",
        URL,
        10_000,
    )
    assert await standing(stage, event_id) == pressed.button
    first, second = await told(stage)
    assert (first.type, second.type) == ("ensue.action.pressed", "ensue.action.done")
    for one in (first, second):
        assert (one.subject, one.context and one.context.id) == (event_id, event_id)
        assert data_of(one)["by"] == {"id": "key_anna", "name": "Anna"}
        assert (data_of(one)["event"], data_of(one)["action"], data_of(one)["label"]) == (event_id, "ban", "Ban")
    assert data_of(second)["status"] == 201
    assert "meta" not in data_of(first)


async def test_the_events_stand_in_the_cards_context(stage: Stage) -> None:
    """A card of a thread has its presses in that thread; those of a test event are test events of its tenant."""
    event_id = await shown(stage, button(), context=ContextDraft("job_1"), tenant="acme", card={"test": True})
    await press(stage, event_id)
    for one in await told(stage):
        assert (one.context and one.context.id, one.tenant, one.is_test) == ("job_1", "acme", True)


@pytest.mark.parametrize("count", [8])
async def test_presses_at_one_moment_are_one(stage: Stage, count: int) -> None:
    """Of eight presses at the same moment one is sent; the others are conflicts."""
    hold = Hold()
    stage.channel.script = hold
    event_id = await shown(stage, button())
    presses = [asyncio.create_task(press(stage, event_id)) for _ in range(count)]
    await stage.until(lambda: hold.count == 1 and sum(one.done() for one in presses) == count - 1)
    running = await standing(stage, event_id)
    assert running is not None
    assert running.state == "running"
    hold.answer(Sent())
    results = await asyncio.gather(*presses, return_exceptions=True)
    codes = [one.code for one in results if isinstance(one, EnsueError)]
    assert codes == ["conflict"] * (count - 1)
    assert [one.button.state for one in results if isinstance(one, Pressed)] == ["done"]
    assert len(stage.channel.sent) == 1
    assert [one.type for one in await told(stage)] == ["ensue.action.pressed", "ensue.action.done"]


async def test_done_is_done(stage: Stage) -> None:
    """A button can be pressed once; one that repeats, again when it is done."""
    event_id = await shown(stage, button(), button("again", repeat=True))
    await press(stage, event_id)
    assert await refused(press(stage, event_id)) == "conflict"
    assert [(await press(stage, event_id, "again")).button.state for _ in range(3)] == ["done"] * 3
    assert len(stage.channel.sent) == 4


async def test_of_a_group_one_is_chosen(stage: Stage) -> None:
    """Presses of two buttons of a group at one moment are one; what failed frees the others, what is done does not."""
    hold = Hold()
    stage.channel.script = hold
    event_id = await shown(stage, *(button(key, group="verdict") for key in ("yes", "no", "later")), button("other"))
    presses = [asyncio.create_task(press(stage, event_id, key)) for key in ("yes", "no", "later")]
    await stage.until(lambda: hold.count == 1 and sum(one.done() for one in presses) == 2)
    hold.answer(Failed("status 500"))
    results = await asyncio.gather(*presses, return_exceptions=True)
    assert [one.code for one in results if isinstance(one, EnsueError)] == ["conflict"] * 2
    stage.channel.script = lambda _: ARRIVED
    assert (await press(stage, event_id, "no")).button.state == "done"
    for key in ("yes", "no", "later"):
        assert await refused(press(stage, event_id, key)) == "conflict"
    assert (await press(stage, event_id, "other")).button.state == "done"


async def test_a_press_is_answered_by_what_came_of_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody else presses a button that repeats as soon as it is done, before the first has its answer."""
    hold, ended = Hold(), Flight.ended
    others: list[Any] = []

    async def overtaken(flight: Flight) -> Ended:
        came = await ended(flight)
        if not others:
            stage.channel.script = hold
            others.append(asyncio.create_task(press(stage, event_id, by=Presser("key_bob"))))
            await stage.until(lambda: hold.count == 1)
        return came

    monkeypatch.setattr(Flight, "ended", overtaken)
    stage.channel.script = lambda _: ARRIVED
    event_id = await shown(stage, button(repeat=True))
    first = await press(stage, event_id)
    assert (first.button.state, first.button.by, first.button.status) == ("done", ANNA, 201)
    hold.answer(Failed("status 500"))
    second = await others[0]
    assert (second.button.state, second.button.by.id, second.button.reason) == ("failed", "key_bob", "status 500")


async def test_a_try_that_ended_first_is_heard_of(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody is called, the try may be over and settled before whoever pressed asks what came of it."""
    submit = Ingest.submit_press

    async def late(ingest: Ingest, pressing: Pressing) -> tuple[Receipt, Flight | None]:
        submitted = await submit(ingest, pressing)
        await stage.idle()
        return submitted

    monkeypatch.setattr(Ingest, "submit_press", late)
    event_id = await shown(stage, button(url=None))
    async with asyncio.timeout(PATIENCE):
        assert (await press(stage, event_id)).button.state == "done"


async def test_failed_may_be_pressed_again(stage: Stage) -> None:
    """A failure is shown with its reason, is no dead letter, and may be tried again by another press."""
    exchange = Exchange(method="POST", url=URL, status=410)
    stage.channel.script = lambda _: Failed("status 410", exchange)
    event_id = await shown(stage, button())
    failed = (await press(stage, event_id)).button
    assert (failed.state, failed.status, failed.reason) == ("failed", 410, "status 410")
    last = (await told(stage))[-1]
    assert (last.type, data_of(last)["reason"], data_of(last)["status"]) == ("ensue.action.failed", "status 410", 410)
    stage.channel.script = lambda _: Sent()
    assert (await press(stage, event_id)).button.state == "done"
    ended = await stage.deliveries(kind="action")
    assert [one.state for one in ended] == ["dead", "delivered"]
    assert ended[0].id != ended[1].id
    page = await stage.engine.events(EventQuery(project=stage.project, type="ensue.delivery.dead"))
    assert page.items == []


async def test_a_button_expires(stage: Stage) -> None:
    """Expiry counts from acceptance, by our clock."""
    event_id = await shown(stage, button(expires_in=60.0))
    stage.clock.turn(60_000)
    assert await refused(press(stage, event_id)) == "conflict"
    assert stage.channel.sent == []
    fresh = await shown(stage, button(expires_in=60.0))
    stage.clock.turn(59_999)
    assert (await press(stage, fresh)).button.state == "done"


async def test_a_scheduled_button_expires_later(stage: Stage) -> None:
    """Counted from when its event was due, even where that tells of a time long past: nobody saw it before."""
    event_id = await shown(stage, button(expires_in=60.0), delay=600.0, time="2026-05-01T00:00:00Z")
    stage.clock.turn(600_000)
    await stage.until(lambda: happened(stage, event_id))
    stage.clock.turn(59_999)
    assert (await press(stage, event_id)).button.state == "done"


async def happened(stage: Stage, event_id: str) -> bool:
    """Whether the event is in the log."""
    return bool(await stage.store.events(stage.project, [event_id]))


async def test_what_cannot_be_pressed(stage: Stage) -> None:
    """Unknown events and buttons, those of another project, scheduled ones, and links."""
    event_id = await shown(stage, button(), button("link", external=True))
    other = (await stage.engine.keys.ensure_project("other")).id
    scheduled = await shown(stage, button(), delay=60.0)
    assert await refused(press(stage, event_id, "nothing")) == "not_found"
    assert await refused(press(stage, ids.event_id(1))) == "not_found"
    assert await refused(press(stage, "no id")) == "not_found"
    assert await refused(press(stage, (await stage.send()).event_id)) == "not_found"
    assert await refused(press(stage, scheduled)) == "not_found"
    assert await refused(stage.engine.actions.press(other, event_id, "ban", ANNA)) == "not_found"
    assert await refused(press(stage, event_id, "link")) == "conflict"
    assert (stage.channel.sent, await told(stage)) == ([], [])


async def test_without_room_nothing_is_stored(on_stage: Staged) -> None:
    """A host that is full: unavailable, with nothing kept, and the button can be pressed later."""
    async with on_stage(host_room=1) as stage:
        hold = Hold()
        stage.channel.script = hold
        first, second = await shown(stage, button()), await shown(stage, button())
        pressing = asyncio.create_task(press(stage, first))
        await stage.until(lambda: hold.count == 1)
        assert await refused(press(stage, second)) == "unavailable"
        assert await standing(stage, second) is None
        assert [one.subject for one in await told(stage)] == [first]
        hold.answer(Sent())
        assert (await pressing).button.state == "done"
        stage.channel.script = lambda _: Sent()
        assert (await press(stage, second)).button.state == "done"


async def test_a_lost_worker_uses_up_no_try(on_stage: Staged, new_store: Any) -> None:
    """A process that dies between press and answer leaves a button that resolves itself, under the same id."""
    async with on_stage(store=new_store) as stage:
        hold = Hold()
        stage.channel.script = hold
        event_id = await shown(stage, button())
        pressing = asyncio.create_task(press(stage, event_id))
        await stage.until(lambda: hold.count == 1)
        first = stage.channel.sent[0][0].id
        await stage.engine.stop()
        stopped = await pressing
        assert stopped.button.state == "running"
        await stage.store.close()
    async with on_stage(store=new_store) as stage:
        await stage.until(lambda: standing_is(stage, event_id, "done"))
        assert [message.id for message, _ in stage.channel.sent] == [first]
        assert (await stage.only(kind="action")).tries == 1
        assert await refused(press(stage, event_id)) == "conflict"


async def standing_is(stage: Stage, event_id: str, state: str) -> bool:
    """Whether the button stands so."""
    found = await standing(stage, event_id)
    return found is not None and found.state == state


async def test_an_event_that_is_removed_meanwhile(stage: Stage) -> None:
    """Its button fails, nothing breaks, and what its receiver says changes nothing."""
    hold = Hold()
    stage.channel.script = hold
    event_id = await shown(stage, button())
    pressing = asyncio.create_task(press(stage, event_id))
    await stage.until(lambda: hold.count == 1)
    await stage.engine.remove_event(stage.project, event_id)
    hold.answer(Sent())
    failed = (await pressing).button
    assert (failed.state, failed.reason) == ("failed", "event removed")
    assert (await stage.only(kind="action")).state == "cancelled"
    assert await refused(press(stage, event_id)) == "not_found"
    assert await refused(stage.engine.event(stage.project, event_id)) == "not_found"
    assert await refused(stage.engine.remove_event(stage.project, event_id)) == "not_found"


async def test_its_delivery_is_neither_retried_nor_stopped(stage: Stage) -> None:
    """A press is tried once: retry and cancel say what to do instead."""
    event_id = await shown(stage, button())
    stage.channel.script = lambda _: Failed("status 500")
    await press(stage, event_id)
    delivery = await stage.only(kind="action")
    for verb in (stage.engine.retry, stage.engine.cancel):
        assert await refused(verb(stage.project, delivery.id)) == "conflict"
    assert (await stage.only(kind="action")).state == "dead"


async def test_triggers_may_follow_buttons(stage: Stage) -> None:
    """Triggers that name `ensue.action.*` hear of presses; `**` does not."""
    await stage.trigger("ensue.action.*")
    await stage.trigger("**", name="all")
    await press(stage, await shown(stage, button()))
    await stage.settled("delivered", 3)
    await stage.idle()
    sent = sorted(message.event.type for message, _ in stage.channel.sent if message.press is None)
    assert sent == ["ensue.action.done", "ensue.action.pressed", "user.flagged"]


@pytest.mark.parametrize("key", ["a/b", "ü 🚀", "...", "x" * 255, "%2F"])
async def test_keys_may_be_anything_printable(stage: Stage, key: str) -> None:
    """No two buttons share a state, whatever their keys are."""
    event_id = await shown(stage, button(key), button("other"))
    await press(stage, event_id, key)
    assert await standing_is(stage, event_id, "done") is False
    found = await standing(stage, event_id, key)
    assert found is not None
    assert found.state == "done"
    assert await standing(stage, event_id, "other") is None


async def test_the_secret_of_a_projects_buttons(stage: Stage) -> None:
    """Made when first needed, kept, rotated; the old one signs for a day beside the new one."""
    event_id = await shown(stage, button(repeat=True))
    await press(stage, event_id)
    first = await stage.engine.actions.secret(stage.project)
    second = await stage.engine.actions.rotate(stage.project)
    assert first.startswith("whsec_")
    assert first != second == await stage.engine.actions.secret(stage.project)
    await press(stage, event_id)
    stage.clock.turn(24 * 3_600_000)
    await press(stage, event_id)
    assert [len(to.secrets) for _, to in stage.channel.sent] == [1, 2, 1]
    other = (await stage.engine.keys.ensure_project("other")).id
    await stage.engine.rules.refresh(stage.store)
    assert await stage.engine.actions.secret(other) not in (first, second)


async def test_what_follows_cannot_be_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the event about it cannot be made, the button resolves all the same."""

    def broken(*_: object) -> Callable[[], None]:
        raise RuntimeError("no")

    event_id = await shown(stage, button())
    monkeypatch.setattr("ensue.engine.settlement.told", broken)
    assert (await press(stage, event_id)).button.state == "done"
    assert [one.type for one in await told(stage)] == ["ensue.action.pressed"]
