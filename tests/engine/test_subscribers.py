"""Subscribers as they are kept: edits side by side, all or none, secrets sealed, nobody else's seen."""

import asyncio
from typing import Any

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.intake import ONCE_FOR
from ensue.domain.operation import Edit, Operation
from ensue.domain.subscriber import KIND, MAX_BYTES, MOST_EDITS_KNOWN
from ensue.engine.paging import Place
from ensue.engine.subscribers import MOST_DELETED, MOST_EDITS, Subscribers
from ensue.engine.turns import Turns
from tests.engine.stage import Stage


@pytest.fixture
def people(stage: Stage) -> Subscribers:
    """The subscribers of a running engine."""
    return stage.engine.subscribers


def sets(**properties: Any) -> list[Operation]:
    """One operation that sets properties."""
    return [Operation("$set", properties)]


ADD_ONE = [Operation("$add", {"n": 1})]


async def test_the_first_edit_makes_a_subscriber(stage: Stage, people: Subscribers) -> None:
    """With an inbox of their own, times of the clock, and what was set."""
    now = stage.clock()
    made = (await people.edit("p", " u/1 é ", sets(name="A"), now)).subscriber
    assert (made.id, made.properties, made.created_at, made.updated_at) == ("u/1 é", {"name": "A"}, now, now)
    assert len(made.reachable("inbox")) == 1
    assert await people.get("p", "u/1 é") == made
    again = (await people.edit("p", "u/1 é", sets(name="B"), now + 5)).subscriber
    assert (again.created_at, again.updated_at, again.channels) == (now, now + 5, made.channels)


@pytest.mark.parametrize("wrong", ["", " ", "x" * 256, "a\nb", "a\x1fb"])
async def test_ids_that_cannot_be(people: Subscribers, wrong: str) -> None:
    """They are refused before anything is looked up."""
    with pytest.raises(EnsueError) as refused:
        await people.edit("p", wrong, [], 1)
    assert (refused.value.code, refused.value.field) == ("invalid", "distinct_id")


async def test_edits_side_by_side_lose_nothing(people: Subscribers) -> None:
    """Each of many edits at one moment counts."""
    await asyncio.gather(*(people.edit("p", "u", ADD_ONE, at) for at in range(60)))
    assert (await people.get("p", "u")).properties == {"n": 60}


async def test_edits_of_other_processes_lose_nothing(stage: Stage, people: Subscribers) -> None:
    """Whoever does not wait for our turns is noticed by the revision, and the edit made anew on what they left."""
    beside = Subscribers(stage.store, stage.house.vault, Turns())
    for _ in range(5):
        await asyncio.gather(people.edit("p", "u", ADD_ONE, 1), beside.edit("p", "u", ADD_ONE, 1))
    assert (await people.get("p", "u")).properties == {"n": 10}


async def test_what_is_rejected_stores_nothing(people: Subscribers) -> None:
    """One wrong value refuses the whole edit; nobody is made by it."""
    with pytest.raises(EnsueError, match="invalid value for channel 'sms'") as refused:
        await people.edit("p", "u", sets(name="A", **{"$sms": "12"}), 1)
    assert refused.value.field == "$sms"
    with pytest.raises(EnsueError) as unknown:
        await people.get("p", "u")
    assert unknown.value.code == "not_found"


async def test_many_are_edited_all_or_none(people: Subscribers) -> None:
    """In their order, one twice; a wrong one among them leaves all as they were."""
    done = await people.edit_many("p", [Edit("a", ADD_ONE), Edit("b", sets(x=1)), Edit("a", ADD_ONE)], 1)
    assert [one.subscriber.id for one in done] == ["a", "b", "a"]
    assert (await people.get("p", "a")).properties == {"n": 2}
    wrong = Edit("b", sets(**{"$email": "no"}))
    with pytest.raises(EnsueError):
        await people.edit_many("p", [Edit("a", ADD_ONE), Edit("c", sets(x=1)), wrong], 1)
    assert (await people.get("p", "a")).properties == {"n": 2}
    assert await people.count("p") == 2


async def test_an_edit_counts_once_a_day(people: Subscribers) -> None:
    """By its sender's id, for that subscriber: a repeat changes nothing, whatever it says, until the day is over."""
    for name, now, total in (("a", 1, 1), ("a", ONCE_FOR, 1), ("b", 1, 1), ("a", ONCE_FOR + 1, 2)):
        (done,) = await people.edit_many("p", [Edit(name, ADD_ONE, "i")], now)
        assert done.subscriber == await people.get("p", name)
        assert done.subscriber.properties == {"n": total}
    await people.edit_many("p", [Edit("a", ADD_ONE, "j"), Edit("a", ADD_ONE, "j"), Edit("a", ADD_ONE)], 1)
    assert (await people.get("p", "a")).properties == {"n": 4}


async def test_an_edit_that_was_refused_does_not_count(people: Subscribers) -> None:
    """What its sender mends and sends under the same id is taken in."""
    with pytest.raises(EnsueError, match="email"):
        await people.edit_many("p", [Edit("a", ADD_ONE), Edit("u", sets(**{"$email": "no"}), "i")], 1)
    await people.edit_many("p", [Edit("u", sets(x=1), "i")], 1)
    assert (await people.get("p", "u")).properties == {"x": 1}


async def test_the_latest_edits_are_remembered(people: Subscribers) -> None:
    """So many and no more, lest a subscriber grow by being edited."""
    for at in range(MOST_EDITS_KNOWN + 1):
        await people.edit_many("p", [Edit("u", ADD_ONE, f"i{at}")], at)
    assert len((await people.get("p", "u")).edits) == MOST_EDITS_KNOWN
    for once in ("i1", f"i{MOST_EDITS_KNOWN}"):
        await people.edit_many("p", [Edit("u", ADD_ONE, once)], 30)
    assert (await people.get("p", "u")).properties == {"n": MOST_EDITS_KNOWN + 1}


async def test_what_changes_nothing_is_not_written(stage: Stage, people: Subscribers) -> None:
    """A repeat, or the same values again, costs no commit; an edit without operations still makes somebody."""
    for edit in (Edit("u", [], "i"), Edit("u", ADD_ONE, "i"), Edit("u", sets()), Edit("v", [])):
        await people.edit_many("p", [edit], 1)
    kept = [await stage.store.get(KIND, "p", name) for name in ("u", "v")]
    assert [one.revision for one in kept if one is not None] == [1, 1]


async def test_many_have_a_bound(people: Subscribers) -> None:
    """More than the most is refused, the most is not."""
    edits = [Edit(f"u{at}", sets(x=at)) for at in range(MOST_EDITS + 1)]
    with pytest.raises(EnsueError, match="400"):
        await people.edit_many("p", edits, 1)
    assert len(await people.edit_many("p", edits[:-1], 1)) == MOST_EDITS
    assert await people.count("p") == MOST_EDITS


async def test_crowds_of_many_do_not_wait_in_a_circle(people: Subscribers) -> None:
    """The same ones in other orders at one moment: all get through."""
    names = [f"u{at}" for at in range(8)]
    turned = [names[at:] + names[:at] for at in range(8)]
    async with asyncio.timeout(20):
        await asyncio.gather(*(people.edit_many("p", [Edit(name, ADD_ONE) for name in order], 1) for order in turned))
    assert [(await people.get("p", name)).properties["n"] for name in names] == [8] * 8
    assert people._turns._locks == {}


async def test_a_subscriber_has_a_size(people: Subscribers) -> None:
    """One that grows beyond it stays as it was."""
    await people.edit("p", "u", sets(a=1), 1)
    with pytest.raises(EnsueError) as refused:
        await people.edit("p", "u", sets(a="x" * MAX_BYTES), 1)
    assert refused.value.code == "too_large"
    assert (await people.get("p", "u")).properties == {"a": 1}


async def test_projects_do_not_see_each_other(people: Subscribers) -> None:
    """The same id is two people in two projects."""
    await people.edit("p", "u", sets(a=1), 1)
    with pytest.raises(EnsueError):
        await people.get("q", "u")
    with pytest.raises(EnsueError):
        await people.delete("q", "u")
    await people.edit("q", "u", sets(a=2), 1)
    assert await people.delete_many("q", ["u"]) == 1
    assert (await people.get("p", "u")).properties == {"a": 1}
    assert [one.id for one in await people.some("q", ["u"])] == []
    assert (await people.list("q", Place(9))).items == []


async def test_secrets_are_sealed(stage: Stage, people: Subscribers) -> None:
    """Tokens of chats are not to be read in the store, and come back as they were."""
    hook = {"incoming_webhook": {"url": "https://hooks.example/T1/secret"}}
    token = {"user_id": "U1", "access_token": "xoxb-secret"}
    await people.edit("p", "u", sets(**{"$slack": [token, hook], "$ms_teams": hook}), 1)
    document = await stage.store.get("subscriber", "p", "u")
    assert document is not None
    assert b"secret" not in document.body
    known = await people.get("p", "u")
    assert [one.value for one in known.channels["slack"]] == [token, hook]
    await people.edit("p", "u", [Operation("$remove", {"$slack": token})], 2)
    assert [one.value for one in (await people.get("p", "u")).reachable("slack")] == [hook]


async def test_pages_lead_both_ways(people: Subscribers) -> None:
    """Down from the top, and back up again, each once."""
    names = [f"u{at}" for at in range(5)]
    await people.edit_many("p", [Edit(name, []) for name in names], 1)
    first = await people.list("p", Place(2))
    second = await people.list("p", Place(2, before=first.items[-1][0]))
    last = await people.list("p", Place(2, before=second.items[-1][0]))
    assert [key for page in (first, second, last) for key, _ in page.items] == names[::-1]
    assert [page.more for page in (first, second, last)] == [True, True, False]
    back = await people.list("p", Place(2, after=last.items[0][0]))
    assert (back.items, back.more) == (second.items, True)
    top = await people.list("p", Place(2, after=back.items[0][0]))
    assert (top.items, top.more) == (first.items, False)


async def test_forgetting(people: Subscribers) -> None:
    """Gone once, unknown after; of many, those that there are go; none and too many are refused."""
    await people.edit_many("p", [Edit("a", []), Edit("b", []), Edit("c", [])], 1)
    await people.delete("p", "a")
    with pytest.raises(EnsueError, match=r"user \[distinct_id: 'a'\] not found"):
        await people.delete("p", "a")
    assert await people.delete_many("p", ["a", "b", "b", "z"]) == 1
    assert [key for key, _ in (await people.list("p", Place(9))).items] == ["c"]
    for wrong in ([], [str(at) for at in range(MOST_DELETED + 1)]):
        with pytest.raises(EnsueError) as refused:
            await people.delete_many("p", wrong)
        assert refused.value.field == "distinct_ids"
