"""Requests for workflows: an event where a trigger is meant for it, else there is no such workflow."""

from typing import Any

import msgspec
import pytest

from tests.dialects.edge import Edge
from tests.dialects.suprsend.client import Workspace, refused, workspace

WELCOME = {"workflow": "welcome", "recipients": ["u1"], "data": {"first_name": "X"}}
DYNAMIC = {
    "name": "Order Shipped!",
    "template": "shipped",
    "notification_category": "transactional",
    "users": [{"distinct_id": "u1", "$email": ["a@example.com"]}],
    "data": {"a": 1},
}
CAST = {
    "$insert_id": "i-1",
    "$time": 1_795_293_633_936,
    "list_id": "l1",
    "template": "news",
    "notification_category": "promotional",
    "channels": ["email"],
    "data": {"a": 1},
}


@pytest.fixture
async def ready(hub: Workspace) -> Workspace:
    """A workspace with a trigger for every workflow."""
    await hub.api.trigger(match={"type": "workflow.**"})
    return hub


async def test_a_workflow_is_an_event(hub: Workspace) -> None:
    """Of type `workflow.<slug>`, about its one recipient, with all of the request as data; and it fires the trigger."""
    made = await hub.api.trigger(match={"type": "workflow.welcome"})
    request = WELCOME | {"tenant_id": "acme", "$idempotency_key": " k ", "cancellation_key": "c", "metadata": {}}
    got = await hub("/trigger/", request)
    event = await hub.event()
    assert (got.status, got.json) == (202, {"status": "success", "message_id": event["id"]})
    assert event["type"] == "workflow.welcome"
    assert event["subject"] == "u1"
    assert event["tenant"] == "acme"
    assert event["idempotency_key"] == "k"
    assert event["data"] == request
    (delivery,) = await hub.api.items(f"/api/v1/deliveries?event={event['id']}")
    assert delivery["trigger"] == made["id"]


async def test_several_recipients_are_one_event(ready: Workspace) -> None:
    """It is about nobody alone; who they are stands in its data."""
    recipients = ["u1", {"distinct_id": "u2", "$email": ["u2@example.com"]}, {"object_type": "teams", "id": "finance"}]
    assert (await ready("/trigger/", WELCOME | {"recipients": recipients})).status == 202
    event = await ready.event()
    assert "subject" not in event
    assert event["data"]["recipients"] == recipients


async def test_a_repeat_does_nothing(ready: Workspace) -> None:
    """Under the same key, whatever it says."""
    first = await ready("/trigger/", WELCOME | {"$idempotency_key": "k"})
    again = await ready("/trigger/", WELCOME | {"$idempotency_key": "k", "data": {}})
    assert again.json == first.json
    assert len(await ready.events()) == 1


@pytest.mark.parametrize(
    ("pattern", "there"),
    [
        ("workflow.welcome", True),
        ("workflow.*", True),
        ("workflow.**", True),
        (["order.*", "workflow.welcome"], True),
        ("**", False),
        ("*.welcome", False),
        ("workflow.welcome2", False),
        ("workflow.Welcome", False),
        ("order.*", False),
    ],
)
async def test_what_makes_a_workflow(hub: Workspace, pattern: Any, there: bool) -> None:  # noqa: FBT001 - the expected
    """A trigger that names such events, enabled or not; one for whatever comes does not: a slug may be misspelt."""
    await hub.api.trigger(match={"type": pattern}, enabled=False)
    got = await hub("/trigger/", WELCOME)
    if there:
        assert got.status == 202
    else:
        assert refused(got) == (404, "workflow 'welcome' not found")
        assert await hub.events() == []


async def test_another_projects_trigger_makes_none(api: Edge, ready: Workspace) -> None:
    """Workflows are of one workspace."""
    other = await workspace(api, "other")
    assert refused(await other("/trigger/", WELCOME))[0] == 404
    assert (await ready("/trigger/", WELCOME)).status == 202


def asking(**changes: Any) -> dict[str, Any]:
    """A request for a workflow with some of it changed."""
    return {name: value for name, value in (WELCOME | changes).items() if value is not ...}


def to(*recipients: Any) -> dict[str, Any]:
    """A request for these."""
    return asking(recipients=list(recipients))


WRONG: list[tuple[Any, str]] = [
    (asking(workflow=...), "workflow"),
    (asking(workflow=""), "workflow"),
    (asking(workflow=1), "workflow"),
    (asking(workflow="x" * 250), "workflow"),
    (asking(recipients=...), "recipients"),
    (asking(recipients="u1"), "recipients"),
    (asking(unknown=1), "unknown"),
    (asking(distinct_id="u1"), "distinct_id"),
    (asking(data=[]), "data"),
    (asking(metadata="x"), "metadata"),
    (asking(tenant_id="a b"), "tenant_id"),
    (asking(cancellation_key=""), "cancellation_key"),
    (asking(cancellation_key="x" * 256), "cancellation_key"),
    (asking(**{"$idempotency_key": "x" * 256}), "$idempotency_key"),
    (asking(actor=1), "actor"),
    (asking(actor={}), "actor"),
    (asking(data={"$attachments": [{"url": "nothing"}]}), "$attachments[0]"),
    (to(), "recipients"),
    (to(None), "recipients[0]"),
    (to("u1", ""), "recipients[1]"),
    (to("x" * 256), "recipients[0]"),
    (to({}), "distinct_id"),
    (to({"distinct_id": 1}), "recipients[0].distinct_id"),
    (to({"is_transient": True}), "transient"),
    (to({"is_transient": "yes", "$email": "a@b.example"}), "distinct_id"),
    (to({"object_type": "teams"}), "recipients[0].id"),
    (to({"object_type": 1, "id": "x"}), "object_type"),
    (to({"object_type": "t", "id": "x", "$object_subscriptions_query": {"depth": 3}}), "depth"),
    (to({"object_type": "t", "id": "x", "$object_subscriptions_query": {"depth": True}}), "depth"),
    (to({"distinct_id": "u", "$channels": "email"}), "$channels"),
    (to({"distinct_id": "u", "$channels": ["pigeon"]}), "$channels"),
    (to({"distinct_id": "u", "$channels": [["email"]]}), "$channels"),
    (to({"distinct_id": "u", "$email": []}), "$email"),
    (to({"distinct_id": "u", "$email": ["a@b.example"] * 11}), "$email"),
    (to({"distinct_id": "u", "$sms": 1}), "$sms"),
    (to({"distinct_id": "u", "$timezone": 1}), "$timezone"),
    (to({"distinct_id": "u", "$context": {"tenant_id": "other"}}), "$context"),
    (b"", "empty"),
    (b"{", "JSON"),
    (b'{"workflow":"welcome","recipients":["\\ud800"]}', ""),
]


@pytest.mark.parametrize(("body", "named"), WRONG, ids=[str(at) for at in range(len(WRONG))])
async def test_what_is_wrong_is_named(ready: Workspace, body: Any, named: str) -> None:
    """400 before anything is stored."""
    status, message = refused(await ready("/trigger/", body))
    assert status == 400
    assert named in message
    assert await ready.events() == []


@pytest.mark.parametrize(
    "recipient",
    [
        "u" * 255,
        {"is_transient": True, "$email": "a@b.example"},
        {"is_transient": True, "$slack": [{"email": "a@b.example", "access_token": "xoxb-1"}]},
        {"distinct_id": "u", "$channels": ["email", "sms", "messenger"], "$skip_create": True},
        {"distinct_id": "u", "$context": {"tenant_id": "acme"}, "$locale": "fr", "plan": "pro"},
        {"object_type": "t", "id": "x", "$object_subscriptions_query": {"depth": 2}, "name": "y"},
        {"object_type": "t", "id": "x", "$object_subscriptions_query": {}},
    ],
)
async def test_who_may_be_reached(ready: Workspace, recipient: Any) -> None:
    """Each form that clients send."""
    assert (await ready("/trigger/", to(recipient) | {"tenant_id": "acme", "actor": recipient})).status == 202


async def test_many_are_judged_one_by_one(ready: Workspace) -> None:
    """Always 207, with a record for each in order; the others are taken."""
    got = await ready("/trigger/", [WELCOME, asking(recipients=[]), asking(workflow="second")])
    assert got.status == 207
    assert [record["status_code"] for record in got.json["records"]] == [202, 400, 202]
    assert [event["type"] for event in await ready.events()] == ["workflow.welcome", "workflow.second"]
    assert (await ready("/trigger/", [WELCOME])).status == 207


async def test_the_size_of_a_request(ready: Workspace) -> None:
    """As large as any event; one more is refused, alone in an array."""
    large = msgspec.json.encode(asking(data={"x": ""}))
    large = large.replace(b'"x":""', b'"x":"' + b"x" * (256 * 1024 - len(large)) + b'"')
    assert len(large) == 256 * 1024
    assert (await ready("/trigger/", large)).status == 202
    assert refused(await ready("/trigger/", large + b" "))[0] == 413


async def test_a_dynamic_workflow(ready: Workspace) -> None:
    """Its slug is made of its name; the path names the key, or its project."""
    for name in (ready.id, ready.project, "default"):
        assert (await ready(f"/{name}/trigger/", DYNAMIC)).status == 202
    event = (await ready.events())[0]
    assert (event["type"], event["subject"], event["data"]) == ("workflow.order-shipped", "u1", DYNAMIC)
    status, message = refused(await ready("/nowhere/trigger/", DYNAMIC))
    assert status == 404
    assert "nowhere" in message


async def test_dynamic_workflows_all_or_none(ready: Workspace) -> None:
    """Their clients read the status alone."""
    url = f"/{ready.id}/trigger/"
    status, message = refused(await ready(url, [DYNAMIC, DYNAMIC | {"users": []}]))
    assert status == 400
    assert "[1].users" in message
    assert await ready.events() == []
    assert (await ready(url, [DYNAMIC, DYNAMIC])).status == 202
    assert len(await ready.events()) == 2


async def test_a_broadcast(ready: Workspace) -> None:
    """Its type is made of its template; `$insert_id` guards against repeats."""
    first = await ready(f"/{ready.id}/broadcast/", CAST)
    again = await ready(f"/{ready.id}/broadcast/", CAST)
    assert (first.status, first.json) == (again.status, again.json) == (202, first.json)
    event = await ready.event()
    assert (event["type"], event["data"]) == ("workflow.broadcast.news", CAST)
    assert event["time"] == "2026-11-21T20:40:33.936Z"


@pytest.mark.parametrize(
    ("later", "due"),
    [
        ({"delay": 90}, "2027-01-15T08:01:30.000Z"),
        ({"delay": "1d2h30m10s"}, "2027-01-16T10:30:10.000Z"),
        ({"delay": "45m"}, "2027-01-15T08:45:00.000Z"),
        ({"trigger_at": "2027-01-15T10:00:00+01:00"}, "2027-01-15T09:00:00.000Z"),
        ({"trigger_at": "2027-01-15 09:00"}, "2027-01-15T09:00:00.000Z"),
        ({"trigger_at": "2027-01-15T09:00:00.5+0000"}, "2027-01-15T09:00:00.500Z"),
    ],
)
@pytest.mark.parametrize(("url", "body"), [("trigger", DYNAMIC), ("broadcast", CAST)])
async def test_for_later(ready: Workspace, url: str, body: dict[str, Any], later: dict[str, Any], due: str) -> None:
    """By a delay or a moment: the event stands in the log when it is due."""
    assert (await ready(f"/{ready.id}/{url}/", body | later)).status == 202
    assert await ready.events() == []
    (event,) = await ready.api.items("/api/v1/events?state=scheduled")
    assert event["time"] == due


@pytest.mark.parametrize(
    ("later", "named"),
    [
        ({"delay": -1}, "delay"),
        ({"delay": ""}, "delay"),
        ({"delay": "soon"}, "duration"),
        ({"delay": True}, "delay"),
        ({"delay": "1000000d"}, "delay"),
        ({"trigger_at": "tomorrow"}, "ISO 8601"),
        ({"trigger_at": "2027-02-30T09:00:00Z"}, "trigger_at"),
        ({"trigger_at": "2037-01-15T09:00:00Z"}, "trigger_at"),
        ({"trigger_at": 1_795_293_633}, "trigger_at"),
        ({"delay": 1, "trigger_at": "2027-01-15T09:00:00Z"}, "delay"),
        ({"template": ""}, ""),
        ({"template": ...}, "template"),
        ({"data": ...}, "data"),
        ({"notification_category": 1}, "notification_category"),
        ({"data": {"$attachments": 1}}, "$attachments"),
        ({"tenant_id": "a b"}, "tenant_id"),
    ],
)
@pytest.mark.parametrize(("url", "body"), [("trigger", DYNAMIC), ("broadcast", CAST)])
async def test_what_is_wrong_with_older_requests(
    ready: Workspace, url: str, body: dict[str, Any], later: dict[str, Any], named: str
) -> None:
    """400, and nothing is stored or scheduled."""
    if url == "trigger" and later == {"template": ""}:
        later = {"name": "!"}
    request = {name: value for name, value in (body | later).items() if value is not ...}
    status, message = refused(await ready(f"/{ready.id}/{url}/", request))
    assert status == 400
    assert named in message
    assert await ready.events() == await ready.api.items("/api/v1/events?state=scheduled") == []


async def test_what_nobody_waits_for(hub: Workspace) -> None:
    """In their words."""
    assert refused(await hub(f"/{hub.id}/trigger/", DYNAMIC)) == (404, "workflow 'order-shipped' not found")
    assert refused(await hub(f"/{hub.id}/broadcast/", CAST)) == (404, "template 'news' not found")
