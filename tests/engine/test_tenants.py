"""Tenants as they are kept: the default one always there, changes that lose nothing, nobody else's seen."""

import asyncio

import pytest

from ensue.domain.errors import EnsueError
from ensue.engine.tenants import Tenants
from tests.engine.stage import Stage


@pytest.fixture
def tenants(stage: Stage) -> Tenants:
    """The tenants of a running engine."""
    return stage.engine.tenants


async def test_the_default_one_is_always_there(tenants: Tenants) -> None:
    """In every project, in lists and counts too; it can be changed, but not deleted."""
    first, second = await asyncio.gather(tenants.get("p", "default"), tenants.get("p", "default"))
    assert first == second
    assert [one.id for one in await tenants.list("q", 0, 9)] == ["default"]
    assert await tenants.count("r") == 1
    assert (await tenants.upsert("s", "default", {"primary_color": "#fff"})).name == "default"
    with pytest.raises(EnsueError, match="default tenant cannot be deleted"):
        await tenants.delete("p", "default")


async def test_made_changed_and_removed(stage: Stage, tenants: Tenants) -> None:
    """A change keeps what is not given, and when it was made."""
    made = await tenants.upsert("p", "acme", {"name": "Acme", "properties": {"a": 1}})
    stage.clock.turn(1000)
    changed = await tenants.upsert("p", "acme", {"properties": {"b": 2}})
    assert (changed.name, changed.properties) == ("Acme", {"a": 1, "b": 2})
    assert (changed.created_at, changed.updated_at) == (made.created_at, made.created_at + 1000)
    assert await tenants.get("p", "acme") == changed
    await tenants.delete("p", "acme")
    for verb in (tenants.get, tenants.delete):
        with pytest.raises(EnsueError, match="No tenant found for tenant_id acme"):
            await verb("p", "acme")


async def test_changes_side_by_side_lose_nothing(tenants: Tenants) -> None:
    """Each of many changes at one moment is taken in."""
    await asyncio.gather(
        *(tenants.upsert("p", "acme", {"name": "A", "properties": {f"k{at}": at}}) for at in range(30))
    )
    assert (await tenants.get("p", "acme")).properties == {f"k{at}": at for at in range(30)}


async def test_wrong_ones_are_not_kept(tenants: Tenants) -> None:
    """A wrong id, a wrong field, a missing name: nothing is made."""
    for tenant_id, fields in (("a b", {"name": "A"}), ("acme", {"name": "A", "primary_color": "red"}), ("acme", {})):
        with pytest.raises(EnsueError) as refused:
            await tenants.upsert("p", tenant_id, fields)
        assert refused.value.code == "invalid"
    assert await tenants.count("p") == 1


async def test_offsets_and_projects(tenants: Tenants) -> None:
    """A page leaves out as many as are asked for; other projects have pages of their own."""
    for at in range(5):
        await tenants.upsert("p", f"t{at}", {"name": "A"})
    assert [one.id for one in await tenants.list("p", 1, 2)] == ["t3", "t2"]
    assert [one.id for one in await tenants.list("p", 5, 2)] == ["default"]
    assert await tenants.list("p", 600, 2) == []
    assert await tenants.count("p") == 6
    with pytest.raises(EnsueError):
        await tenants.get("q", "t1")
