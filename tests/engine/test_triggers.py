"""How triggers are changed, and their secrets kept (design sections 8 and 10)."""

import asyncio

import pytest

from ensue.channels.base import Destination
from ensue.domain.errors import EnsueError
from ensue.domain.ids import new_secret
from ensue.domain.schedule import DAY
from ensue.domain.signature import check_secret
from ensue.domain.trigger import EndpointPatch, TriggerPatch
from tests.engine.stage import URL, Stage


async def sent(stage: Stage, count: int) -> Destination:
    """Where the `count`th delivery went, once it did."""
    await stage.send()
    await stage.settled("delivered", count)
    return stage.channel.sent[-1][1]


async def test_rotation_signs_with_both_for_a_day(stage: Stage) -> None:
    """The new one first, the old one until 24 hours have passed, to the millisecond."""
    trigger = await stage.trigger()
    old = check_secret(stage.engine.triggers.secret(trigger))
    changed = await stage.engine.triggers.rotate(stage.project, trigger.id, None)
    assert changed.secret is not None
    new = check_secret(changed.secret)
    assert (await sent(stage, 1)).secrets == (new, old)
    stage.clock.turn(DAY - 1)
    assert (await sent(stage, 2)).secrets == (new, old)
    stage.clock.turn(1)
    assert (await sent(stage, 3)).secrets == (new,)


async def test_rotating_often_signs_with_few(stage: Stage) -> None:
    """A header has an end: the newest ten sign; the first one's day is not made longer by further rotations."""
    trigger = await stage.trigger()
    given = [new_secret() for _ in range(30)]
    for secret in given:
        stage.clock.turn(1)
        await stage.engine.triggers.rotate(stage.project, trigger.id, secret)
    assert (await sent(stage, 1)).secrets == tuple(check_secret(secret) for secret in given[:-11:-1])
    stage.clock.turn(DAY)
    assert (await sent(stage, 2)).secrets == (check_secret(given[-1]),)


async def test_secrets_are_sealed_at_rest(stage: Stage) -> None:
    """Neither the signing secret nor a secret header stands in the store; the channel gets both open."""
    secret = new_secret()
    trigger = await stage.trigger(endpoint={"secret": secret, "secret_headers": {"authorization": "Bearer hush"}})
    document = await stage.store.get("trigger", stage.project, trigger.id)
    assert document is not None
    assert secret.encode() not in document.body
    assert b"hush" not in document.body
    to = await sent(stage, 1)
    assert (to.secrets, to.secret_headers) == ((check_secret(secret),), {"authorization": "Bearer hush"})


async def test_an_update_that_is_refused_changes_nothing(stage: Stage) -> None:
    """A host that resolves to what may not be reached is looked up before the change is stored."""
    trigger = await stage.trigger()

    async def refuses(_url: str) -> str | None:
        raise EnsueError("invalid", "It resolves to a private address.")

    stage.engine.triggers._lookup = refuses
    patch = TriggerPatch(name="new", endpoint=EndpointPatch(url="https://inside.example/"))
    with pytest.raises(EnsueError, match="private") as refused:
        await stage.engine.triggers.update(stage.project, trigger.id, patch)
    assert refused.value.field == "endpoint.url"
    now = stage.engine.triggers.get(stage.project, trigger.id)
    assert (now.name, now.endpoint.url) == ("a trigger", URL)


async def test_changes_at_one_moment_lose_nothing(stage: Stage) -> None:
    """Compare and set: two fields changed by two people at once are both changed."""
    trigger = await stage.trigger()
    change = stage.engine.triggers.update
    await asyncio.gather(
        change(stage.project, trigger.id, TriggerPatch(name="new")),
        change(stage.project, trigger.id, TriggerPatch(timeout_ms=500)),
        stage.engine.triggers.enable(stage.project, trigger.id, enabled=False),
    )
    now = stage.engine.triggers.get(stage.project, trigger.id)
    assert (now.name, now.timeout_ms, now.enabled) == ("new", 500, False)


async def test_a_trigger_of_another_project_is_not_there(stage: Stage) -> None:
    """Every verb says `not_found`."""
    trigger = await stage.trigger()
    other = (await stage.engine.keys.create("other")).project.id
    triggers = stage.engine.triggers
    with pytest.raises(EnsueError, match="no trigger"):
        triggers.get(other, trigger.id)
    for verb in (
        triggers.update(other, trigger.id, TriggerPatch(name="x")),
        triggers.enable(other, trigger.id, enabled=False),
        triggers.rotate(other, trigger.id, None),
        triggers.delete(other, trigger.id),
    ):
        with pytest.raises(EnsueError, match="no trigger") as refused:
            await verb
        assert refused.value.code == "not_found"


async def test_a_project_has_so_many_triggers(stage: Stage) -> None:
    """At the limit, and one beyond; deleting one makes room."""
    stage.engine.triggers._most = 2
    first = await stage.trigger()
    await stage.trigger()
    with pytest.raises(EnsueError, match="2 triggers"):
        await stage.trigger()
    await stage.engine.triggers.delete(stage.project, first.id)
    assert (await stage.trigger()).id
