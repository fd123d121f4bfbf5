"""Documents: revisions, names, the order of changes to rules, and that all of a put holds or none."""

import asyncio

import pytest
from msgspec.structs import replace

from ensue.domain.delivery import Entry
from ensue.domain.document import Document
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes, Store
from tests.contract.builders import NOW, OTHER, PROJECT, append, document, entry, logged, put


async def test_revisions_count_changes(store: Store) -> None:
    """A document begins with revision 1 and gains one with each change."""
    [first] = await store.put([put(expected=0)])
    [second] = await store.put([put(expected=1, body=b'{"a":1}')])
    assert (first.revision, second.revision) == (1, 2)
    assert await store.get("note", PROJECT, "doc_1") == replace(document(body=b'{"a":1}'), revision=2)
    assert await store.get("note", OTHER, "doc_1") is None


@pytest.mark.parametrize("expected", [0, 2])
async def test_another_revision_is_a_conflict(store: Store, expected: int) -> None:
    """Who expects another revision changes nothing, not even the documents beside it."""
    await store.put([put()])
    with pytest.raises(EnsueError) as refused:
        await store.put([put("beside"), put(expected=expected, body=b"[]")])
    assert refused.value.code == "conflict"
    assert await store.get("note", PROJECT, "beside") is None
    assert await store.get("note", PROJECT, "doc_1") == replace(document(), revision=1)


async def test_deleted_is_gone(store: Store) -> None:
    """An empty body deletes; afterwards it must not exist, and can be made anew."""
    await store.put([put(alias="name")])
    [deleted] = await store.put([put(body=b"", expected=1)])
    assert deleted.deleted
    assert await store.get("note", PROJECT, "doc_1") is None
    assert await store.find("note", "name") is None
    assert await store.list("note", None, None, 9) == []
    [again] = await store.put([put(expected=0, alias="name")])
    assert again.revision == 1


async def test_deleting_what_is_not_there(store: Store) -> None:
    """Deleting without an expectation is no error where there is nothing."""
    [nothing] = await store.put([put(body=b"", kind="trigger")])
    assert (nothing.revision, nothing.change) == (0, 0)
    assert await store.changes(0) == []


async def test_a_name_is_held_by_one(store: Store) -> None:
    """An alias is unique within its kind over all projects, and free again when its holder lets go."""
    await store.put([put(alias="name"), put("other", kind="project", alias="name")])
    with pytest.raises(EnsueError) as refused:
        await store.put([put("doc_2", project=OTHER, alias="name")])
    assert refused.value.code == "conflict"
    await store.put([put(alias="new"), put("doc_2", project=OTHER, alias="name")])
    found = await store.find("note", "name")
    assert found is not None
    assert (found.id, found.project) == ("doc_2", OTHER)
    with pytest.raises(EnsueError, match="taken"):
        await store.put([put("a", alias="twice"), put("b", alias="twice")])
    await store.put([put(alias="third"), put("doc_2", project=OTHER, alias="new"), put(alias="name")])
    found = await store.find("note", "name")
    assert found is not None
    assert (found.id, found.revision) == ("doc_1", 4)


async def test_lists_stand_newest_first(store: Store) -> None:
    """Documents of a kind by id, from the newest, of one project or of all."""
    await store.put([put(f"doc_{n}", project=PROJECT if n % 2 else OTHER) for n in range(5)])
    assert [one.id for one in await store.list("note", None, None, 3)] == ["doc_4", "doc_3", "doc_2"]
    assert [one.id for one in await store.list("note", None, "doc_2", 9)] == ["doc_1", "doc_0"]
    assert [one.id for one in await store.list("note", PROJECT, None, 9)] == ["doc_3", "doc_1"]
    assert await store.list("trigger", None, None, 9) == []


async def test_lists_run_both_ways_between_two_ids(store: Store) -> None:
    """A list is cut at both ends, these excluded; upwards it begins with what stands just above the lower end."""
    await store.put([put(f"doc_{at}") for at in range(6)])
    await store.put([put("doc_3", project=OTHER), put("doc_3", kind="other")])
    between = await store.list("note", PROJECT, "doc_5", 9, after="doc_1")
    assert [one.id for one in between] == ["doc_4", "doc_3", "doc_2"]
    upwards = await store.list("note", PROJECT, "doc_5", 2, after="doc_1", upwards=True)
    assert [one.id for one in upwards] == ["doc_2", "doc_3"]
    assert [one.id for one in await store.list("note", PROJECT, None, 1, upwards=True)] == ["doc_0"]


async def test_documents_are_counted_up_to_a_bound(store: Store) -> None:
    """Those of one kind and project between two ids are counted; deleted ones are not, nor any beyond the bound."""
    await store.put([put(f"doc_{at}") for at in range(6)])
    await store.put([put("doc_3", body=b""), put("doc_7", project=OTHER), put("doc_8", kind="other")])
    assert await store.count("note", PROJECT, None, None, 100) == 5
    assert await store.count("note", PROJECT, "doc_0", "doc_5", 100) == 3
    assert await store.count("note", PROJECT, None, None, 2) == 2
    assert await store.count("note", "nobody", None, None, 9) == 0


async def test_rules_have_an_order_of_change(store: Store) -> None:
    """Each change of a rule gets the next number, deletions too; other kinds have none."""
    await store.put([put("t1", kind="trigger"), put("p1", kind="project"), put("k1")])
    await store.put([put("t1", kind="trigger", body=b"[]")])
    await store.put([put("p1", kind="project", body=b"")])
    found = await store.changes(0)
    assert [(one.id, one.change, one.deleted) for one in found] == [("t1", 3, False), ("p1", 4, True)]
    assert await store.changes(3) == found[1:]
    assert await store.changes(4) == []


async def test_entries_change_documents_with_them(store: Store) -> None:
    """An entry's documents are changed in its commit, and seen by the entries behind it."""
    entries = [replace(entry(), puts=(put("button", expected=n),)) for n in (0, 1, 1)]
    receipts = await append(store, *entries)
    assert [one.status for one in receipts] == ["stored", "stored", "conflict"]
    assert receipts[2].event_id == entries[2].event.id
    assert await logged(store) == [one.event for one in entries[:2]]
    found = await store.get("note", PROJECT, "button")
    assert found is not None
    assert found.revision == 2


async def test_one_entry_is_refused_while_its_group_commits(store: Store) -> None:
    """Callers that share a commit do not share a refusal."""
    refused = replace(entry(), puts=(put("a"), put("b", expected=4)))
    answers = await asyncio.gather(append(store, entry()), append(store, refused), append(store, entry()))
    assert [answer[0].status for answer in answers] == ["stored", "conflict", "stored"]
    assert len(await logged(store)) == 2
    assert await store.get("note", PROJECT, "a") is None


async def test_a_plan_sees_the_rules_of_its_commit(store: Store) -> None:
    """Within a plan, `changes` shows every change that was committed before."""
    seen: list[Document] = []
    await store.put([put("t1", kind="trigger")])

    def plan(changes: Changes) -> list[Entry]:
        seen.extend(changes(0))
        assert list(changes(1)) == []
        return [entry()]

    await store.append(plan)
    assert [one.id for one in seen] == ["t1"]


async def test_a_plan_that_raises_harms_nobody(store: Store) -> None:
    """The exception reaches whoever gave the plan; those who share the commit are not touched."""

    def plan(_: Changes) -> list[Entry]:
        raise LookupError("mine")

    answers = await asyncio.gather(append(store, entry()), store.append(plan), return_exceptions=True)
    assert isinstance(answers[1], LookupError)
    assert not isinstance(answers[0], BaseException)
    assert len(await logged(store)) == 1
    assert await store.append(lambda _: []) == []
    assert (await append(store, entry(NOW)))[0].status == "stored"
