"""Triggers of Space Cloud's format in the engine: answers that chain events, letters of the dead, tokens, waits."""

import base64
import json
from typing import Any

import pytest
from msgspec import Raw

from ensue.domain.conversation import CAUSE
from ensue.domain.delivery import Failed, Sent
from ensue.domain.event import Event
from ensue.domain.trigger import EndpointPatch, RetryDraft, Trigger, TriggerPatch
from ensue.store.base import EventQuery
from tests.engine.stage import Stage

ONCE = RetryDraft(1)


def says(**answer: Any) -> Sent:
    """An answer with that object."""
    return Sent(reply=Raw(json.dumps(answer).encode()))


async def hook(stage: Stage, kind: str | list[str], **fields: Any) -> Trigger:
    """A trigger of Space Cloud's format."""
    return await stage.trigger(kind, **({"format": "spacecloud"} | fields))


async def logged(stage: Stage) -> list[Event]:
    """The events of the log, oldest first."""
    return list((await stage.engine.events(EventQuery(project=stage.project, limit=1_000))).items)[::-1]


async def ended(stage: Stage) -> None:
    """Return when nothing is owed any more."""

    async def nothing() -> bool:
        return not await stage.deliveries(state="pending")

    await stage.until(nothing)


async def test_an_answer_chains_events_in_the_same_commit(stage: Stage) -> None:
    """They are in the log as soon as the delivery is delivered, with what they owe; linked to their cause."""
    answer = says(event={"type": "b", "payload": {"n": 1}}, events=[{"type": "c", "options": {"db": "x"}}])
    stage.channel.script = lambda message: answer if message.event.type == "a" else Sent()
    await hook(stage, "a")
    await stage.trigger("b", name="another")
    await stage.send("a", context=None)
    await stage.settled("delivered", 2)
    first, *following = await logged(stage)
    assert [(one.type, one.hops, one.attributes) for one in following] == [
        ("b", 1, {CAUSE: first.id}),
        ("c", 1, {CAUSE: first.id, "db": "x"}),
    ]
    assert json.loads(bytes(following[0].data)) == {"n": 1}
    assert stage.channel.types() == ["a", "b"]


async def test_other_formats_do_not_converse(stage: Stage) -> None:
    """What their receivers answer is an answer and nothing more: the channel hands nothing on."""
    stage.channel.script = lambda _: Sent()
    await stage.trigger("a", format="plain")
    await stage.send("a")
    await stage.settled("delivered")
    assert [one.type for one in await logged(stage)] == ["a"]


async def test_a_chained_event_may_be_for_later(stage: Stage) -> None:
    """Scheduled in the parent's commit, sent when it is due, planned by the triggers of then."""
    stage.channel.script = lambda message: (
        says(event={"type": "b", "delay": 5_000}) if message.event.type == "a" else Sent()
    )
    await hook(stage, "a")
    await stage.send("a")
    await stage.settled("delivered")
    (scheduled,) = await stage.deliveries(kind="event")
    assert scheduled.due_at - stage.clock() == 5_000
    await hook(stage, "b", name="later")
    stage.clock.turn(4_999)
    await stage.idle()
    assert stage.channel.types() == ["a"]
    stage.clock.turn(1)
    await stage.settled("delivered", 2)
    assert stage.channel.types() == ["a", "b"]
    assert (await logged(stage))[-1].hops == 1


async def test_what_is_refused_is_said_in_the_attempt(stage: Stage) -> None:
    """The parent stays delivered, and what could be chained is."""
    stage.channel.script = lambda message: (
        says(events=[None, 5, {"type": "ensue.delivery.dead"}, {"type": "b"}]) if message.event.type == "a" else Sent()
    )
    await hook(stage, "a")
    await stage.send("a")
    (delivered,) = await stage.settled("delivered")
    assert [one.type for one in await logged(stage)] == ["a", "b"]
    (attempt,) = await stage.attempts(delivered)
    assert attempt.result == "sent"
    assert str(attempt.error).startswith("2 of the 3 events that it answered with were left out: ")


async def test_answers_that_chain_for_ever_end(stage: Stage) -> None:
    """After sixteen hops, said in the last attempt."""
    stage.channel.script = lambda _: says(event={"type": "a"})
    await hook(stage, "a")
    await stage.send("a")
    delivered = await stage.settled("delivered", 17)
    await stage.idle()
    assert [one.hops for one in await logged(stage)] == list(range(17))
    assert "16 events have followed" in str((await stage.attempts(delivered[-1]))[0].error)


async def test_a_late_answer_chains_nothing(stage: Stage) -> None:
    """Who cancelled the delivery meanwhile is not surprised by what follows of it."""
    await hook(stage, "a")

    async def cancelled(message: Any) -> Any:
        await stage.engine.cancel(stage.project, message.id)
        return says(event={"type": "b"})

    stage.channel.script = cancelled
    await stage.send("a")
    (delivery,) = await stage.settled("cancelled")
    await stage.idle()
    assert [one.type for one in await logged(stage)] == ["a"]
    assert (await stage.attempts(delivery))[0].late


async def test_waits_of_five_seconds_have_no_jitter(stage: Stage) -> None:
    """Three more tries, each exactly 5 s after the last, as Space Cloud's clients know it."""
    stage.channel.script = lambda _: Failed("no")
    await hook(stage, "a", retry=RetryDraft(4, [5.0], 0))
    await stage.send("a")
    for tries in (1, 2, 3):
        delivery = await stage.retried(tries)
        assert delivery.due_at - stage.clock() == 5_000
        stage.clock.turn(5_000)
    assert (await stage.retried(4)).state == "dead"


async def test_a_death_sends_a_letter(stage: Stage) -> None:
    """Where a trigger listens to `dlq_` and the name; our own event is there besides."""
    stage.channel.script = lambda message: Failed("no") if message.event.type == "a" else Sent()
    await hook(stage, "a", name="my_trigger", retry=ONCE)
    await stage.trigger("dlq_my_trigger", name="letters")
    await stage.send("a", data='{"n": 1}')
    await stage.settled("delivered")
    first, report, letter = await logged(stage)
    assert (report.type, letter.type, letter.hops) == ("ensue.delivery.dead", "dlq_my_trigger", 1)
    assert json.loads(bytes(letter.data)) == {
        "event_id": first.id,
        "event_type": "a",
        "event_payload": {"n": 1},
        "event_timestamp": json.loads(bytes(letter.data))["event_timestamp"],
        "event_name": "my_trigger",
    }


@pytest.mark.parametrize(("form", "listened"), [("spacecloud", "dlq_other"), ("cloudevents", "dlq_my_trigger")])
async def test_no_letter_without_a_reader(stage: Stage, form: str, listened: str) -> None:
    """Nor for a trigger of another format."""
    stage.channel.script = lambda _: Failed("no")
    await stage.trigger("a", name="my_trigger", format=form, retry=ONCE)
    await stage.trigger(listened, name="letters")
    await stage.send("a")
    await stage.settled("dead")
    assert [one.type for one in await logged(stage)] == ["a", "ensue.delivery.dead"]


async def test_letters_of_letters_end(stage: Stage) -> None:
    """A trigger whose own letter fires it again dies sixteen times more; so does one that hears of every death."""
    stage.channel.script = lambda _: Failed("no")
    await hook(stage, ["a", "dlq_loop"], name="loop", retry=ONCE)
    await stage.send("a")
    await stage.settled("dead", 17)
    await ended(stage)
    assert [one.hops for one in await logged(stage) if one.type == "dlq_loop"] == list(range(1, 17))


async def test_deaths_of_reports_are_not_told(stage: Stage) -> None:
    """Neither by a report nor by a letter: a trigger that hears of all of these gets sixteen letters and no more."""
    stage.channel.script = lambda _: Failed("no")
    await hook(stage, ["a", "ensue.delivery.dead", "dlq_loop"], name="loop", retry=ONCE)
    await stage.send("a")
    await stage.settled("dead", 17 + 17)
    await ended(stage)
    kinds = [one.type for one in await logged(stage)]
    assert (kinds.count("dlq_loop"), kinds.count("ensue.delivery.dead")) == (16, 17)


async def test_an_answer_to_a_report_does_not_begin_anew(stage: Stage) -> None:
    """Reports count as hops: an event that a report's receiver asks for, and that dies, ends as well."""
    answer = says(event={"type": "a"})
    stage.channel.script = lambda message: Failed("no") if message.event.type == "a" else answer
    await hook(stage, ["a", "ensue.delivery.dead"], retry=ONCE)
    await stage.send("a")
    await stage.settled("dead", 9)
    await ended(stage)
    assert [one.hops for one in await logged(stage)] == list(range(18))


def claims(token: str) -> dict[str, Any]:
    """The claims of a token, unchecked."""
    part = token.removeprefix("Bearer ").split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(part + "=="))
    assert isinstance(found, dict)
    return found


async def test_tokens_say_who_calls(stage: Stage) -> None:
    """Signed by the oldest live key of the project, by its id, for half an hour."""
    await hook(stage, "a")
    await stage.send("a")
    await stage.settled("delivered")
    headers = stage.channel.sent[0][1].secret_headers
    caller, node = claims(headers["Authorization"]), claims(headers["X-Sc-Token"])
    expires = stage.clock() // 1000 + 1_800
    assert caller == {"id": "internal-sc-user", "nodeId": node["id"], "role": "SpaceCloud", "exp": expires}
    assert node == {"id": caller["nodeId"], "role": "SpaceCloud", "exp": expires}
    identity = await stage.engine.keys.verified(headers["X-Sc-Token"].removeprefix("Bearer "), stage.project)
    oldest = (await stage.engine.keys.list(stage.project))[-1]
    assert (identity.claims, identity.key.id) == (node, oldest.id)


async def test_tokens_are_young_and_signed_by_a_live_key(stage: Stage) -> None:
    """None is remembered beyond its second, nor beyond its key."""
    await hook(stage, "a")
    stage.clock.turn(1_000)
    second = await stage.engine.keys.create(stage.project, name="second")
    (first,) = [key for key in await stage.engine.keys.list(stage.project) if key.id != second.key.id]
    expected = []
    for signer in (first, first, second.key):
        if signer is not first:
            await stage.engine.keys.revoke(stage.project, first.id)
        await stage.send("a")
        await stage.idle()
        expected.append((stage.clock() // 1000 + 1_800, signer.id))
        stage.clock.turn(60_000)
    sent = [to.secret_headers["X-Sc-Token"] for _, to in stage.channel.sent]
    kids = [json.loads(base64.urlsafe_b64decode(token.split()[1].split(".")[0] + "=="))["kid"] for token in sent]
    assert [(claims(token)["exp"], kid) for token, kid in zip(sent, kids, strict=True)] == expected


async def test_headers_of_the_trigger_win_and_other_formats_have_no_tokens(stage: Stage) -> None:
    """Whoever gives an `authorization` of his own keeps it; a project without a live key has none."""
    own = EndpointPatch(headers={"authorization": "mine"})
    trigger = await hook(stage, "a")
    await stage.engine.triggers.update(stage.project, trigger.id, TriggerPatch(endpoint=own))
    await stage.trigger("b", name="native")
    for kind in ("a", "b"):
        await stage.send(kind)
        await stage.idle()
    for key in await stage.engine.keys.list(stage.project):
        await stage.engine.keys.revoke(stage.project, key.id)
    await stage.send("a")
    await stage.settled("delivered", 3)
    found = [(message.event.type, sorted(to.secret_headers)) for message, to in stage.channel.sent]
    assert found == [("a", ["X-Sc-Token"]), ("b", []), ("a", [])]
