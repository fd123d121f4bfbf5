"""What follows of an answer (design section 8): when it is tried again, when it ends, and what is said of it."""

from typing import Any

import msgspec
import pytest

from ensue.domain.card import CardDraft
from ensue.domain.delivery import Failed, Later, Retry, Sent, Skipped
from ensue.domain.trigger import RetryDraft
from tests.engine.stage import Stage

MINUTE = 60_000
HOUR = 60 * MINUTE


def spread(wait_ms: int) -> Any:
    """A due time that is never early, and late by jitter at most."""
    return pytest.approx(wait_ms * 1.1, abs=wait_ms * 0.1 + 1)


async def test_the_default_schedule_is_kept(stage: Stage) -> None:
    """Ten tries at 0, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h, each never early, then dead."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger()
    await stage.send()
    for tries, seconds in enumerate(Retry().schedule, start=1):
        delivery = await stage.retried(tries)
        wait = delivery.due_at - stage.clock()
        assert 0 <= wait - seconds * 1000 <= 0.2 * seconds * 1000 + 1
        stage.clock.turn(wait - 1)
        await stage.idle()
        assert len(stage.channel.sent) == tries
        stage.clock.turn(1)
    dead = await stage.retried(10)
    assert (dead.state, dead.reason, len(await stage.attempts(dead))) == ("dead", "no", 10)


async def test_a_trigger_has_its_own_policy(stage: Stage) -> None:
    """Attempts and waits of the trigger hold; the last wait repeats; a surplus is ignored."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger(retry=RetryDraft(3, [1.0]))
    await stage.send()
    for tries in (1, 2):
        delivery = await stage.retried(tries)
        assert delivery.due_at - stage.clock() == spread(1000)
        stage.clock.turn(1_201)
    assert (await stage.retried(3)).state == "dead"


@pytest.mark.parametrize(("asked", "wait"), [(3600, HOUR), (86_400, 24 * HOUR), (10**8, 24 * HOUR), (1, 5_000)])
async def test_retry_after_counts_up_to_a_day(stage: Stage, asked: int, wait: int) -> None:
    """A receiver can put us off, for a day at most, and never makes us come sooner than planned."""
    stage.channel.script = lambda _: Failed("status 503", retry_after=asked)
    await stage.trigger()
    await stage.send()
    delivery = await stage.retried(1)
    assert delivery.due_at - stage.clock() == spread(wait)


async def test_gone_ends_the_delivery_and_switches_the_trigger_off(stage: Stage) -> None:
    """410: dead at once, the trigger disabled with the reason, and both told as events in the same commit."""
    stage.channel.script = lambda message: (
        Failed("410: gone", permanent=True) if message.event.type == "order.paid" else Sent()
    )
    trigger = await stage.trigger()
    await stage.trigger("ensue.**", name="told")
    await stage.send()
    (dead,) = await stage.settled("dead")
    await stage.settled("delivered", 2)
    assert dead.tries == 1
    now = stage.engine.triggers.get(stage.project, trigger.id)
    assert (now.enabled, now.disabled_reason) == (False, "410: gone")
    assert sorted(stage.channel.types()) == ["ensue.delivery.dead", "ensue.trigger.disabled", "order.paid"]
    told = {message.event.type: message.event for message, _ in stage.channel.sent}
    data = msgspec.json.decode(told["ensue.trigger.disabled"].data)
    assert (data["trigger"], data["reason"]) == (trigger.id, "410: gone")
    assert msgspec.json.decode(told["ensue.delivery.dead"].data)["delivery"] == dead.id


async def test_two_answers_that_it_is_gone_switch_it_off_once(stage: Stage) -> None:
    """Two deliveries of one trigger meet 410 in one commit: one change of the trigger, both dead, nobody stuck."""
    stage.channel.script = lambda message: (
        Failed("410: gone", permanent=True) if message.event.type == "order.paid" else Sent()
    )
    await stage.trigger()
    await stage.trigger("ensue.trigger.*")
    await stage.send_many(5)
    await stage.settled("dead", 5)
    await stage.settled("delivered", 1)
    await stage.idle()
    assert stage.channel.types().count("ensue.trigger.disabled") == 1


async def test_a_dead_letter_of_an_own_event_is_not_reported(stage: Stage) -> None:
    """A trigger for `ensue.**` whose receiver is down must not feed itself for ever (invariant 8)."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger(["order.*", "ensue.**"], retry=RetryDraft(1))
    await stage.send()
    await stage.settled("dead", 2)
    await stage.idle()
    assert stage.channel.types() == ["order.paid", "ensue.delivery.dead"]


async def test_own_events_reach_only_those_who_name_them(stage: Stage) -> None:
    """`**` is every type but `ensue.`."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger("**", retry=RetryDraft(1))
    await stage.send()
    await stage.settled("dead", 1)
    await stage.idle()
    assert stage.channel.types() == ["order.paid"]
    events = (await stage.store.read(None, 100)).events
    assert [event.type for _, event in events] == ["order.paid", "ensue.delivery.dead"]


async def test_not_now_uses_up_no_try(stage: Stage) -> None:
    """`Later` moves the due time and leaves the tries alone."""
    until = stage.clock() + 1_000
    stage.channel.script = lambda _: Later(until, "asleep") if len(stage.channel.sent) == 1 else Sent()
    await stage.trigger()
    await stage.send()

    async def put_off() -> bool:
        return (await stage.only()).reason == "asleep"

    await stage.until(put_off)
    delivery = await stage.only()
    assert (delivery.tries, delivery.due_at, delivery.state) == (0, until, "pending")
    stage.clock.turn(1_000)
    (delivered,) = await stage.settled("delivered")
    assert (delivered.tries, delivered.claim) == (1, 2)


async def test_what_is_not_owed_any_more_is_cancelled(stage: Stage) -> None:
    """`Skipped` ends a delivery with its reason."""
    stage.channel.script = lambda _: Skipped("preference")
    await stage.trigger()
    await stage.send()
    (delivery,) = await stage.settled("cancelled")
    assert (delivery.reason, delivery.tries) == ("preference", 0)


async def test_test_events_fire_only_triggers_that_ask(stage: Stage) -> None:
    """`card.test` needs `match.test`; the others see none of it."""
    await stage.trigger(name="live")
    wanting = await stage.trigger(name="testing", match={"test": True})
    await stage.send(card=CardDraft(test=True))
    await stage.send("order.real")
    delivered = await stage.settled("delivered", 3)
    tests = [one for one in delivered if one.trigger == wanting.id]
    assert (len(delivered), len(tests)) == (3, 2)


async def test_a_channel_that_breaks_is_a_failed_try(stage: Stage) -> None:
    """An exception is a failure like any other: kept, tried again, its room given back."""

    def breaks(_: object) -> Sent:
        raise RuntimeError("a bug")

    stage.channel.script = breaks
    await stage.trigger(concurrency=1)
    await stage.send()
    delivery = await stage.retried(1)
    (attempt,) = await stage.attempts(delivery)
    assert attempt.error is not None
    assert "a bug" in attempt.error
    assert (delivery.state, stage.lanes.in_flight()) == ("pending", 0)
