"""What comes twice happens once: by an idempotency key, by the id that a client gives each event."""

import pytest

from ensue.domain.intake import ONCE_FOR
from tests.dialects.edge import EVENTS
from tests.dialects.suprsend.client import Workspace, sent, workspace

KEY = "$idempotency_key"
INSERT = "$insert_id"


@pytest.mark.parametrize("path", ["/v2/event/", "/event/"])
async def test_a_repeat_is_answered_as_accepted(hub: Workspace, path: str) -> None:
    """And does nothing, whatever it says: it names the first event. The key is trimmed."""
    first = await hub(path, sent(**{KEY: "k"}))
    again = await hub(path, sent(event="other", distinct_id="u2", **{KEY: " k "}))
    assert (again.status, again.json) == (first.status, first.json)
    assert (await hub.event())["type"] == "order_placed"


async def test_a_key_holds_for_a_day(hub: Workspace) -> None:
    """Then it is free again."""
    await hub("/event/", sent(**{KEY: "k"}))
    hub.api.clock.turn(ONCE_FOR - 1)
    await hub("/event/", sent(**{KEY: "k"}))
    assert len(await hub.events()) == 1
    hub.api.clock.turn(1)
    await hub("/event/", sent(**{KEY: "k"}))
    assert len(await hub.events()) == 2


async def test_an_insert_id_guards_too(hub: Workspace) -> None:
    """A client gives each event one: who sends again what was lost on the way sends one event."""
    first = await hub("/v2/event/", sent(**{INSERT: "i"}))
    assert (await hub("/v2/event/", sent(**{INSERT: "i", KEY: "k"}))).json == first.json
    assert (await hub("/v2/event/", sent(**{INSERT: "j"}))).json != first.json
    assert len(await hub.events()) == 2


async def test_keys_are_of_one_project(hub: Workspace) -> None:
    """Another workspace's keys are its own."""
    other = await workspace(hub.api, "other")
    await hub("/event/", sent(**{KEY: "k", INSERT: "i"}))
    await other("/event/", sent(**{KEY: "k", INSERT: "i"}))
    assert len(await hub.events()) == len(await other.events()) == 1


async def test_a_key_is_the_same_in_every_tongue(hub: Workspace) -> None:
    """One project, one promise: what the native API took under a key, comes no second time in SuprSend's words."""
    event = await hub.api.send(idempotency_key="k")
    assert (await hub("/v2/event/", sent(**{KEY: "k"}))).json["message_id"] == event
    await hub("/v2/event/", sent(**{KEY: "l"}))
    got = await hub.api("POST", EVENTS, {"type": "order.paid", "idempotency_key": "l"})
    assert (got.status, got.json["duplicate"]) == (200, True)
    assert len(await hub.api.items(f"{EVENTS}?idempotency_key=l")) == 1


async def test_repeats_within_one_request(hub: Workspace) -> None:
    """Two of the same key in one array are one event."""
    got = await hub("/v2/bulk/event/", [sent(**{KEY: "k"}), sent(**{KEY: "k"}), sent(**{INSERT: "i"})] * 2)
    ids = [record["message_id"] for record in got.json["records"]]
    assert ids == [ids[0], ids[0], ids[2]] * 2
    assert len(await hub.events()) == 2
