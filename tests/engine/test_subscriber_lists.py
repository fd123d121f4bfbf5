"""Lists as they are kept: members counted with the commit that moves them, both sides found, nothing left behind."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.operation import Edit, Operation
from ensue.engine.paging import Place
from ensue.engine.subscriber_lists import SubscriberLists
from ensue.engine.subscribers import Subscribers
from tests.engine.stage import Stage

ALL = Place(1000)


@pytest.fixture
def lists(stage: Stage) -> SubscriberLists:
    """The lists of a running engine."""
    return stage.engine.subscriber_lists


@pytest.fixture
def people(stage: Stage) -> Subscribers:
    """Its subscribers."""
    return stage.engine.subscribers


async def make(people: Subscribers, *names: str, project: str = "p") -> None:
    """Subscribers of these ids."""
    await people.edit_many(project, [Edit(name, []) for name in names], 1)


async def names(lists: SubscriberLists, list_id: str = "l", project: str = "p") -> list[str]:
    """Who is on a list."""
    return [key for key, _ in (await lists.members(project, list_id, ALL)).items]


async def test_made_and_changed(stage: Stage, lists: SubscriberLists) -> None:
    """The case of an id says nothing; a second time changes what is given."""
    made = await lists.create("p", "VIPs_1-a", {"name": "Vips"})
    assert (made.id, made.name, made.members) == ("vips_1-a", "Vips", 0)
    stage.clock.turn(1000)
    again = await lists.create("p", "vips_1-A", {"description": "d", "track_entry": True})
    assert (again.name, again.description, again.track_entry) == ("Vips", "d", True)
    assert (again.created_at, again.updated_at) == (made.created_at, made.created_at + 1000)
    assert await lists.get("p", "VIPS_1-a") == again


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 65, "ü", "a/b"])
async def test_ids_that_cannot_be(lists: SubscriberLists, wrong: str) -> None:
    """They are named."""
    with pytest.raises(EnsueError) as refused:
        await lists.create("p", wrong, {})
    assert (refused.value.code, refused.value.field) == ("invalid", "list_id")


@pytest.mark.parametrize("fields", [{"name": 5}, {"name": "x" * 256}, {"description": []}, {"track_exit": "yes"}])
async def test_wrong_fields_are_named(lists: SubscriberLists, fields: dict[str, object]) -> None:
    """And nothing is made."""
    with pytest.raises(EnsueError) as refused:
        await lists.create("p", "l", fields)
    assert refused.value.code == "invalid"
    assert await lists.count("p") == 0


async def test_members_come_and_go(lists: SubscriberLists, people: Subscribers) -> None:
    """Counted once each; somebody new is made by joining, not by leaving."""
    await make(people, "a", "c")
    await lists.create("p", "l", {})
    assert await lists.add("p", "L", ["a", "b", "a", " b "]) == 2
    assert len((await people.get("p", "b")).reachable("inbox")) == 1
    assert await lists.add("p", "l", ["b", "c"]) == 1
    assert await names(lists) == ["c", "b", "a"]
    assert (await lists.get("p", "l")).members == 3
    assert await lists.remove("p", "l", ["a", "nobody"]) == 1
    assert await lists.remove("p", "l", ["a"]) == 0
    assert await names(lists) == ["c", "b"]
    assert (await lists.get("p", "l")).members == 2


@pytest.mark.parametrize("wrong", ["", "x" * 256, "a\nb"])
async def test_wrong_members_are_refused_together(lists: SubscriberLists, people: Subscribers, wrong: str) -> None:
    """An id that cannot be refuses all of them."""
    await lists.create("p", "l", {})
    with pytest.raises(EnsueError) as refused:
        await lists.add("p", "l", ["a", wrong])
    assert (refused.value.code, refused.value.field) == ("invalid", "distinct_ids")
    assert await people.count("p") == 0


async def test_unknown_lists(lists: SubscriberLists) -> None:
    """Each verb says so in the same words."""
    for verb in (lists.get, lists.delete):
        with pytest.raises(EnsueError, match="list_id: 'l' not found"):
            await verb("p", "l")
    for move in (lists.add, lists.remove):
        with pytest.raises(EnsueError, match="list_id: 'l' not found"):
            await move("p", "l", ["a"])
    with pytest.raises(EnsueError, match="list_id: 'l' not found"):
        await lists.members("p", "l", ALL)


async def test_crowds_are_counted_right(lists: SubscriberLists, people: Subscribers) -> None:
    """Many who join and leave at one moment: the count is that of those who are there."""
    await make(people, *(f"u{at}" for at in range(40)))
    await lists.create("p", "l", {})
    moves = [lists.add("p", "l", [f"u{at}", f"u{(at + 1) % 40}"]) for at in range(40)]
    assert sum(await asyncio.gather(*moves)) == 40
    leaving = [lists.remove("p", "l", [f"u{at}"]) for at in range(30)] + [
        lists.add("p", "l", ["u35"]) for _ in range(5)
    ]
    assert sum(await asyncio.gather(*leaving)) == 30
    assert len(await names(lists)) == (await lists.get("p", "l")).members == 10


async def test_many_in_steps(lists: SubscriberLists, people: Subscribers) -> None:
    """More than one step at once, into a list and with it away; a list of the same name begins empty."""
    everybody = [f"u{at:03}" for at in range(250)]
    await make(people, *everybody)
    await lists.create("p", "l", {})
    assert await lists.add("p", "l", everybody) == 250
    assert await names(lists) == everybody[::-1]
    await lists.delete("p", "l")
    assert (await lists.of("p", "u001", ALL)).items == []
    assert await lists.count_of("p", "u001") == 0
    await lists.create("p", "l", {})
    assert await names(lists) == []
    assert await people.count("p") == 250


async def test_what_a_broken_deletion_left_is_not_inherited(
    stage: Stage, lists: SubscriberLists, people: Subscribers
) -> None:
    """A process that ended between the list and its members leaves members of nothing: a new list clears them away."""
    await make(people, "a")
    await lists.create("p", "l", {})
    await lists.add("p", "l", ["a"])
    document = await stage.store.get("subscriber_list", "p", "l")
    assert document is not None
    await stage.store.put([Put(document=replace(document, body=b""))])
    assert (await lists.of("p", "a", ALL)).items == []
    await lists.create("p", "l", {})
    assert await names(lists) == []
    assert await lists.add("p", "l", ["a"]) == 1


async def test_who_is_forgotten_leaves_every_list(lists: SubscriberLists, people: Subscribers) -> None:
    """More lists than one step takes: each counts one less, and keeps the others."""
    await make(people, "a", "b")
    for at in range(105):
        await lists.create("p", f"l{at:03}", {})
        await lists.add("p", f"l{at:03}", ["a", "b"])
    assert await lists.count_of("p", "a") == 105
    await people.delete("p", "a")
    for list_id in ("l000", "l104"):
        assert await names(lists, list_id) == ["b"]
        assert (await lists.get("p", list_id)).members == 1
    await make(people, "a")
    assert (await lists.of("p", "a", ALL)).items == []


async def test_forgetting_and_joining_at_one_moment(lists: SubscriberLists, people: Subscribers) -> None:
    """Whichever comes first: who is on the list is there, and who is there is on the list."""
    await lists.create("p", "l", {})
    for at in range(20):
        await make(people, f"u{at}")
        await asyncio.gather(lists.add("p", "l", [f"u{at}"]), people.delete("p", f"u{at}"))
    there = await names(lists)
    assert (await lists.get("p", "l")).members == len(there)
    assert [one.id for one in await people.some("p", there)] == there
    assert await people.count("p") == len(there)


async def test_edits_joining_and_forgetting_in_a_crowd(lists: SubscriberLists, people: Subscribers) -> None:
    """All of it about the same few at one moment: nobody is told to try again, nobody waits for ever."""
    everybody = [f"u{at}" for at in range(6)]
    await make(people, *everybody)
    for list_id in ("a", "b"):
        await lists.create("p", list_id, {})
    crowd: list[Coroutine[Any, Any, Any]] = []
    for at in range(30):
        crowd += [
            people.edit_many("p", [Edit(name, [Operation("$add", {"n": 1})]) for name in everybody], 1),
            lists.add("p", "ab"[at % 2], everybody[:: 1 if at % 3 else -1]),
            lists.remove("p", "ab"[at % 2], everybody[at % 6 :]),
            people.delete_many("p", [everybody[at % 6]]),
        ]
    async with asyncio.timeout(60):
        await asyncio.gather(*crowd)
    for list_id in ("a", "b"):
        assert (await lists.get("p", list_id)).members == len(await names(lists, list_id))
    assert people._turns._locks == {}


async def test_pages_lead_both_ways(lists: SubscriberLists, people: Subscribers) -> None:
    """Members and the lists of a subscriber: only those of one owner, though others' names begin alike."""
    await make(people, *(f"u{at}" for at in range(5)))
    for list_id in ("l", "l-1", "l1"):
        await lists.create("p", list_id, {})
    await lists.add("p", "l", [f"u{at}" for at in range(5)])
    await lists.add("p", "l-1", ["u4"])
    await lists.add("p", "l1", ["u0"])
    first = await lists.members("p", "l", Place(3))
    assert ([key for key, _ in first.items], first.more) == (["u4", "u3", "u2"], True)
    rest = await lists.members("p", "l", Place(3, before="u2"))
    assert ([key for key, _ in rest.items], rest.more) == (["u1", "u0"], False)
    back = await lists.members("p", "l", Place(3, after="u1"))
    assert ([key for key, _ in back.items], back.more) == (["u4", "u3", "u2"], False)
    assert [key for key, _ in (await lists.of("p", "u4", ALL)).items] == ["l-1", "l"]
    assert [one.id for one in await lists.list("p", 1, 5)] == ["l-1", "l"]


async def test_projects_do_not_see_each_other(lists: SubscriberLists, people: Subscribers) -> None:
    """The same ids are other lists and other people."""
    await make(people, "a")
    await make(people, "a", project="q")
    await lists.create("p", "l", {})
    await lists.create("q", "l", {})
    await lists.add("p", "l", ["a"])
    assert await names(lists, project="q") == []
    assert await lists.remove("q", "l", ["a"]) == 0
    await lists.delete("q", "l")
    assert await names(lists) == ["a"]
