"""What comes twice happens once: by an idempotency key, by the id that a client gives each event."""

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.intake import ONCE_FOR
from tests.dialects.edge import EVENTS
from tests.dialects.suprsend.client import Workspace, refused, sent, workspace

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


async def test_an_insert_id_guards_edits(hub: Workspace) -> None:
    """One by one, in an array, with records: a user is edited once, and each answer says so with the same id."""
    edit = {"distinct_id": "u1", "$add": {"n": 1}, INSERT: 'i"1'}
    for path, body in (("/v2/event", edit), ("/event/", [edit, edit]), ("/v2/bulk/event/", [edit])):
        got = await hub(path, body)
        assert got.status == 202
        assert {one["message_id"] for one in got.json.get("records", [got.json])} == {'i"1'}
    assert (await hub.api.house.engine.subscribers.get(hub.project, "u1")).properties == {"n": 1}
    assert refused(await hub("/event/", edit | {INSERT: "x" * 256}))[0] == 400


async def test_an_array_that_came_half_way_is_sent_again(hub: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edits and events are two commits: who is told to try again, and does, has had each once."""
    body = [{"distinct_id": "u1", "$add": {"n": 1}, INSERT: "i"}, sent(**{INSERT: "j"})]

    def full(*_: object) -> None:
        raise EnsueError("unavailable", "The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(hub.api.house.engine.ingest, "_plan_one", full)
        assert refused(await hub("/event/", body))[0] == 503
    assert (await hub("/event/", body)).status == (await hub("/event/", body)).status == 202
    assert (await hub.api.house.engine.subscribers.get(hub.project, "u1")).properties == {"n": 1}
    assert len(await hub.events()) == 1


async def test_an_array_without_room_edits_nobody(hub: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its events would be refused, its edits are not made; without events it needs no such room."""
    edit = {"distinct_id": "u1", "$add": {"n": 1}}
    monkeypatch.setattr(hub.api.house.engine.ingest, "_entries", 10_001)
    assert refused(await hub("/event/", [edit, sent()]))[0] == 503
    assert await hub.api.house.engine.subscribers.count(hub.project) == 0
    assert (await hub("/event/", [edit])).status == 202


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
