"""When keys were last used: shown to the hour, noted beside the requests."""

import pytest

from tests.dialects.edge import EVENTS, Edge


@pytest.mark.parametrize("hours", [0, 1])
async def test_when_a_key_was_used(api: Edge, hours: int) -> None:
    """It is shown to the hour, for keys that were used; a use within the hour writes nothing more."""
    other, uses = await api.with_key(), api.house.engine.keys.uses
    assert (await other("GET", EVENTS)).status == 200
    await uses.settled()
    first = api.clock()
    api.clock.turn(hours * 3_600_000 + 60_000)
    api.house.engine.keys.forget()  # as happens once an hour
    assert (await other("GET", EVENTS)).status == 200
    await uses.settled()
    shown = {one["id"]: one.get("last_used_at") for one in await api.items("/api/v1/keys")}
    known = await api.house.engine.keys.authenticate(other.token or "")
    noted = await uses.of(known.project, [known.id])
    assert noted[known.id] == (api.clock() if hours else first)
    assert shown[known.id] is not None
    assert sum(moment is None for moment in shown.values()) == len(shown) - 1, "ours is being noted just now"
