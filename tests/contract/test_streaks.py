"""The contract of every store: failures in a row are counted in the commit of their outcomes, and by nothing else."""

from msgspec.structs import replace

from ensue.domain.delivery import Delivery, Failed, Outcome
from ensue.domain.streak import Heard, Streak
from ensue.store.base import Store
from tests.contract.builders import NOW, held, outcome, put, settle


def heard(delivery: Delivery, *, arrived: bool = False, at: int = NOW, trigger: str = "trg_one") -> Outcome:
    """What a try of a claimed delivery says of its trigger."""
    result = None if arrived else Failed("no")
    return replace(outcome(delivery, result, NOW), heard=Heard(trigger, arrived, at))


async def failed(store: Store, *times: int, trigger: str = "trg_one") -> None:
    """Failures, each in a commit of its own."""
    for at in times:
        assert await settle(store, heard(await held(store), at=at, trigger=trigger)) == ["accepted"]


async def test_failures_in_a_row_are_counted(store: Store) -> None:
    """By trigger, with the first and the latest; what nobody hears counts nothing."""
    await settle(store, outcome(await held(store), Failed("no")))
    assert await store.streaks(["trg_one", "trg_two"]) == []
    await failed(store, NOW, NOW + 5, NOW + 9)
    await failed(store, NOW + 7, trigger="trg_two")
    found = await store.streaks(["trg_one", "trg_one", "trg_none", "trg_two"])
    assert sorted(found, key=lambda one: one.trigger) == [
        Streak("trg_one", 3, NOW, NOW + 9),
        Streak("trg_two", 1, NOW + 7, NOW + 7),
    ]
    assert await store.streaks([]) == []


async def test_a_clock_that_was_set_back(store: Store) -> None:
    """The first failure is the earliest, in whatever order they are kept."""
    await failed(store, NOW + 9, NOW, NOW + 5)
    assert await store.streaks(["trg_one"]) == [Streak("trg_one", 3, NOW, NOW + 9)]


async def test_one_that_arrives_ends_it(store: Store) -> None:
    """Within one commit too, in the order of the outcomes; others go on."""
    await failed(store, NOW, NOW + 1)
    await failed(store, NOW, trigger="trg_two")
    await settle(store, heard(await held(store), arrived=True))
    assert await store.streaks(["trg_one", "trg_two"]) == [Streak("trg_two", 1, NOW, NOW)]
    made = [await held(store) for _ in range(4)]
    fates = ((False, 1), (True, 2), (False, 3), (False, 4))
    await settle(
        store,
        *(heard(one, arrived=arrived, at=NOW + at) for one, (arrived, at) in zip(made, fates, strict=True)),
    )
    assert await store.streaks(["trg_one"]) == [Streak("trg_one", 2, NOW + 3, NOW + 4)]
    made = [await held(store) for _ in range(2)]
    await settle(store, heard(made[0], at=NOW + 5), heard(made[1], arrived=True))
    assert await store.streaks(["trg_one"]) == []


async def test_what_is_not_kept_is_not_counted(store: Store) -> None:
    """Neither late results nor those whose documents were changed by others."""
    mine = await held(store)
    await settle(store, outcome(mine))
    assert await settle(store, heard(mine)) == ["late"]
    other = await held(store)
    assert await settle(store, replace(heard(other), puts=(put(expected=7),))) == ["conflict"]
    assert await store.streaks(["trg_one"]) == []


async def test_it_begins_anew(store: Store) -> None:
    """After it was forgiven, and for nobody else."""
    await failed(store, NOW)
    await failed(store, NOW, trigger="trg_two")
    await store.forgive("trg_one")
    await store.forgive("trg_none")
    await failed(store, NOW + 9)
    found = await store.streaks(["trg_one", "trg_two"])
    assert {one.trigger: (one.count, one.since) for one in found} == {"trg_one": (1, NOW + 9), "trg_two": (1, NOW)}


async def test_it_outlives_a_restart(store: Store) -> None:
    """And is ended afterwards by what arrives."""
    await failed(store, NOW, NOW + 1)
    await store.close()
    await store.open(NOW)
    assert [one.count for one in await store.streaks(["trg_one"])] == [2]
    await settle(store, heard(await held(store), arrived=True))
    assert await store.streaks(["trg_one"]) == []
