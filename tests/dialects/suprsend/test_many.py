"""Many at once: a record for each in the order in which they were sent, or all of them or none."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.dialects.edge import Edge
from tests.dialects.suprsend.client import Workspace, refused, sent, workspace

BULK = "/v2/bulk/event/"


async def test_each_has_its_record(hub: Workspace) -> None:
    """In order, with the id of its event; 202 where all were taken."""
    got = await hub(BULK, [sent(event=f"event {at}") for at in range(5)])
    assert got.status == 202
    assert got.json["status"] == "success"
    events = {event["id"]: event["type"] for event in await hub.events()}
    for at, record in enumerate(got.json["records"]):
        assert record == {"status": "success", "status_code": 202, "message_id": record["message_id"]}
        assert events[record["message_id"]] == f"event {at}"


WRONG: list[tuple[Any, int]] = [
    (sent(event="$x"), 400),
    (sent(distinct_id=...), 400),
    ("x", 400),
    (None, 400),
    ([], 400),
    (7, 400),
    (msgspec.Raw(b'{"event":"ab","distinct_id":"\\ud800"}'), 400),
    (msgspec.Raw(b'{"event":"ab","distinct_id":"u","properties":{"a":1e999}}'), 400),
    (msgspec.Raw(b'{"event":"ab","distinct_id":"u","properties":' + b"[" * 70 + b"]" * 70 + b"}"), 400),
    (sent(properties={"a": "x" * 102_400}), 413),
]


@pytest.mark.parametrize(("wrong", "status"), WRONG, ids=[str(at) for at in range(len(WRONG))])
async def test_a_bad_one_costs_the_others_nothing(hub: Workspace, wrong: Any, status: int) -> None:
    """Its record has a status and a message, since clients look for both; the others are taken."""
    got = await hub(BULK, [sent(event="first"), wrong, sent(event="last")])
    assert got.status == 207
    first, bad, last = got.json["records"]
    assert (first["status_code"], bad["status_code"], last["status_code"]) == (202, status, 202)
    assert bad["status"] == "error"
    assert bad["error"]["message"]
    assert bad["error"]["type"]
    assert [event["type"] for event in await hub.events()] == ["first", "last"]


@pytest.mark.parametrize(("wrong", "status"), WRONG, ids=[str(at) for at in range(len(WRONG))])
async def test_all_or_none(hub: Workspace, wrong: Any, status: int) -> None:
    """An array to `/event/`: its clients read the status alone, so one bad item refuses all; it is named."""
    got = await hub("/event/", [sent(event="first"), wrong, sent(event="last")])
    found, message = refused(got)
    assert found == status
    assert "[1]" in message or isinstance(wrong, msgspec.Raw)
    assert await hub.events() == []


async def test_an_array_of_good_ones(hub: Workspace) -> None:
    """To `/event/`: any success means that all were taken."""
    got = await hub("/event/", [sent(event="first"), sent(event="last")])
    assert got.status == 202
    assert [event["type"] for event in await hub.events()] == ["first", "last"]
    assert [record["message_id"] for record in got.json["records"]] == [event["id"] for event in await hub.events()]


@pytest.mark.parametrize("path", [BULK, "/event/", "/trigger/"])
@pytest.mark.parametrize("body", [b"[]", b"[", b"[1,]", b"[{}", b'[{"a":}]', b"[] x", b"[\xff]"])
async def test_what_is_no_array_of_anything(hub: Workspace, path: str, body: bytes) -> None:
    """Refused as a whole, with an empty list of records, which clients read even then."""
    assert refused(await hub(path, body))[0] == 400


async def test_bulk_wants_an_array(hub: Workspace) -> None:
    """One event goes elsewhere."""
    assert refused(await hub(BULK, sent()))[0] == 400
    assert refused(await hub(BULK, b""))[0] == 400


async def test_how_many_at_once(hub: Workspace) -> None:
    """As many as the instance lets in, a thousand by default; clients send a hundred."""
    for path in (BULK, "/event/"):
        assert (await hub(path, [sent()] * 1_000)).status == 202
        assert refused(await hub(path, [sent()] * 1_001))[0] == 413


async def test_a_user_is_edited(hub: Workspace) -> None:
    """By the list of operations, or by one operator at the top as browsers say it; no event stands for it."""
    listed = {"distinct_id": "u1", "$schema": "2", "$insert_id": "i", "$user_operations": [{"$set": {"plan": "pro"}}]}
    got = await hub("/event/", listed)
    assert (got.status, got.json) == (202, {"status": "success", "message_id": "i"})
    for said in ({"$set_once": {"first": 1}}, {"$add": {"n": 2}}, {"$increment": {"n": 3}}, {"$unset": ["plan"]}):
        assert (await hub("/v2/event", {"distinct_id": "u1"} | said)).status == 202
    found = await hub.api.house.engine.subscribers.get(hub.project, "u1")
    assert found.properties == {"first": 1, "n": 5}
    assert await hub.events() == []


async def test_users_are_edited_all_or_none(hub: Workspace) -> None:
    """In an array, beside events too: one value that cannot be taken in refuses everything."""
    good = {"distinct_id": "u1", "$user_operations": [{"$append": {"$email": "a@example.com"}}]}
    bad = {"distinct_id": "u2", "$user_operations": [{"$append": {"$email": "nothing"}}]}
    status, message = refused(await hub("/event/", [good, sent(), bad]))
    assert status == 400
    assert message.startswith("user [distinct_id: 'u2']: invalid value for channel 'email': \"nothing\"")
    assert await hub.events() == []
    assert await hub.api.house.engine.subscribers.count(hub.project) == 0
    assert (await hub("/event/", [good, sent()])).status == 202
    assert len(await hub.events()) == 1
    assert await hub.api.house.engine.subscribers.count(hub.project) == 1


@pytest.mark.parametrize("path", ["/event/", BULK])
async def test_others_have_their_turn_between_edits(hub: Workspace, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """However many edits of however many operations one request brings."""
    turns = 0

    async def beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    seen: list[int] = []

    async def edited(*_: Any) -> None:
        seen.append(turns)

    monkeypatch.setattr(hub.api.house.engine.subscribers, "edit_many", edited)
    task = asyncio.create_task(beside())
    before = turns
    assert (await hub(path, [{"distinct_id": "u1", "$add": {"n": 1}}] * 200)).status == 202
    task.cancel()
    assert seen[0] - before >= 200


async def test_an_edit_among_many(hub: Workspace) -> None:
    """With records, each is judged alone; the order is kept."""
    bad = {"distinct_id": "u2", "$set": {"$email": "nothing"}}
    got = await hub(BULK, [{"distinct_id": "u1", "$set": {"a": 1}}, bad, sent()])
    assert [record["status_code"] for record in got.json["records"]] == [202, 400, 202]


async def test_a_whole_that_cannot_be_stored(api: Edge) -> None:
    """Nothing was taken: then the answer says so, and its records are empty."""
    hub = await workspace(api)

    def full(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    hub.api.house.engine.ingest._plan_one = full  # type: ignore[method-assign, assignment]
    got = await hub(BULK, [sent(), sent()])
    assert refused(got)[0] == 500
    assert "disk" not in got.body.decode()
