"""What buttons ask of a store: a press in a delivery's payload, and many documents in one look."""

import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.delivery import ACTION, Entry, Outcome
from ensue.store.base import Store
from tests.contract.builders import NOW, OTHER, PROJECT, append, delivery, event, put, settle

PRESS = Raw(b'{"key":"ban"}')


async def test_many_documents_in_one_look(store: Store) -> None:
    """Those that there are, of that kind and project; deleted ones are not."""
    await store.put([put("a"), put("b/ü"), put("c", project=OTHER), put("d", kind="other"), put("e")])
    await store.put([put("e", body=b"")])
    found = await store.documents("note", PROJECT, ["a", "b/ü", "c", "d", "e", "f", "a"])
    assert sorted((one.id, one.revision) for one in found) == [("a", 1), ("b/ü", 1)]
    assert await store.documents("note", PROJECT, []) == []


async def test_a_press_stands_in_the_payload(store: Store) -> None:
    """It is claimed together with the event that shows the button, kept over a failure, gone when it arrived."""
    shown = event()
    await append(store, Entry(shown))
    owed = replace(delivery(shown), kind=ACTION, trigger=None, lane="prj|host@action", payload=PRESS)
    await append(store, Entry(event(), (owed,)))
    for claim in (1, 2):
        claims = await store.claim({owed.lane: 9}, NOW + claim * 1000, NOW + claim * 1000 + 500)
        [claimed] = claims.claimed
        assert (claimed.event, bytes(claimed.delivery.payload)) == (shown, bytes(PRESS))
        state = "pending" if claim == 1 else "delivered"
        settled = replace(claimed.delivery, state=state, claimed_until=None, due_at=NOW)
        assert list(await settle(store, Outcome(settled))) == ["accepted"]
    kept = await store.delivery(PROJECT, owed.id)
    assert kept is not None
    assert not kept.payload


@pytest.mark.parametrize("there", [True, False])
async def test_a_press_goes_with_its_event(store: Store, there: bool) -> None:  # noqa: FBT001 - a case
    """Removing the event that shows the button cancels the press; a press alone is no event that could be removed."""
    shown = event()
    if there:
        await append(store, Entry(shown))
    owed = replace(delivery(shown), kind=ACTION, trigger=None, payload=PRESS)
    await append(store, Entry(event(), (owed,)))
    assert await store.remove(PROJECT, shown.id, NOW) is there
    kept = await store.delivery(PROJECT, owed.id)
    assert kept is not None
    assert (kept.state, bool(kept.payload)) == (("cancelled", False) if there else ("pending", True))
