"""What an examination says of lanes: who is late, and to whom whose names are told."""

import pytest

from ensue.domain.delivery import Entry
from ensue.domain.document import Put
from ensue.domain.schedule import HOUR
from ensue.domain.trigger import Endpoint, Match, Trigger, trigger_document
from ensue.engine.examination import examine_lanes
from ensue.store.memory import MemoryStore
from tests.contract.builders import NOW, append, delivery, event

LATE = NOW - 2 * HOUR
OURS, THEIRS = "prj_ours", "prj_theirs"


async def late(lane: str, *, enabled: bool = True) -> MemoryStore:
    """A store of two triggers in which one lane is late."""
    store = MemoryStore()
    await store.open(NOW)
    for name, project in (("trg_1", OURS), ("trg_2", THEIRS)):
        made = Trigger(
            id=name,
            project=project,
            name=f"{name} of the secret shop",
            match=Match(),
            endpoint=Endpoint("https://hooks.secret.example/in"),
            created_at=0,
            updated_at=0,
            enabled=enabled,
        )
        await store.put([Put(document=trigger_document(made), expected=0)])
    fact = event(LATE)
    await append(store, Entry(fact, (delivery(fact, LATE, lane=lane),)))
    return store


@pytest.mark.parametrize("lane", ["trg_1", "trg_1@replay"])
async def test_what_waits_for_a_disabled_trigger_is_not_late(lane: str) -> None:
    """It is meant to wait, whether it is fresh or was made by a replay."""
    assert (await examine_lanes(await late(lane, enabled=False), NOW)).ok
    assert not (await examine_lanes(await late(lane), NOW)).ok


@pytest.mark.parametrize(
    "lane",
    ["trg_2", "trg_2@replay", f"{THEIRS}|hooks.secret.example@action", f"{THEIRS}@event", "dev_2@webpush", "trg_gone"],
)
async def test_lanes_of_others_have_no_name(lane: str) -> None:
    """An admin of one project hears that something is late, and neither whose it is nor where it goes."""
    finding = await examine_lanes(await late(lane), NOW, OURS)
    assert not finding.ok
    for secret in ("secret", THEIRS, "trg_2", "dev_2", "trg_gone"):
        assert secret not in finding.detail


@pytest.mark.parametrize(
    ("lane", "named"),
    [
        ("trg_1", "trg_1 (trg_1 of the secret shop)"),
        ("trg_1@replay", "trg_1 (trg_1 of the secret shop), replayed"),
        (f"{OURS}|hooks.example.com@action", "hooks.example.com"),
        (f"{OURS}@event", "scheduled events"),
    ],
)
async def test_ones_own_are_named(lane: str, named: str) -> None:
    """By what they are called, so that one knows where to look."""
    assert named in (await examine_lanes(await late(lane), NOW, OURS)).detail
