"""What an event in SuprSend's words becomes: type, subject, data, tenant, time; and how its answer reads."""

import base64

import pytest

from tests.dialects.suprsend.client import Workspace, refused, sent

PATHS = ("/v2/event/", "/v2/event", "/event/", "/event")
FILE = {"filename": "a.pdf", "contentType": None, "data": None, "url": "https://example.com/a.pdf"}


@pytest.mark.parametrize("path", PATHS)
async def test_an_event_is_stored(hub: Workspace, path: str) -> None:
    """By every path that clients use, with a slash at its end or without; the answer names the event."""
    got = await hub(path, sent(tenant_id="acme", **{"$insert_id": "i-1", "$idempotency_key": " k-1 "}))
    event = await hub.event()
    assert (got.status, got.json) == (202, {"status": "success", "message_id": event["id"]})
    assert event["type"] == "order_placed"
    assert event["subject"] == "u1"
    assert event["data"] == {"amount": 10}
    assert event["tenant"] == "acme"
    assert event["time"] == "2026-11-21T20:40:33.461Z"
    assert event["idempotency_key"] == "k-1"
    assert event["source"] == "suprsend"


async def test_what_may_be_left_out(hub: Workspace) -> None:
    """A plain call needs a name and somebody; its time is now, and it has no data."""
    assert (await hub("/event/", {"event": "seen", "distinct_id": "u1"})).status == 202
    event = await hub.event()
    assert event["time"] == event["received_at"]
    assert event.get("data") is None
    assert "idempotency_key" not in event


async def test_null_is_left_out(hub: Workspace) -> None:
    """A client that sends every field says nothing by null."""
    nothing = dict.fromkeys(("$insert_id", "$time", "env", "properties", "$idempotency_key", "tenant_id", "brand_id"))
    assert (await hub("/event/", {"event": "seen", "distinct_id": "u1"} | nothing)).status == 202
    assert "tenant" not in await hub.event()


async def test_texts_are_trimmed(hub: Workspace) -> None:
    """Name, user and keys."""
    assert (await hub("/event/", sent(event=" a b ", distinct_id=" u1 ", tenant_id=" t "))).status == 202
    event = await hub.event()
    assert (event["type"], event["subject"], event["tenant"]) == ("a b", "u1", "t")


async def test_a_brand_is_a_tenant(hub: Workspace) -> None:
    """Its older name; where both are given, the tenant counts. Neither has to exist."""
    await hub("/event/", sent(brand_id="old"))
    await hub("/event/", sent(brand_id="old", tenant_id="new"))
    assert [event["tenant"] for event in await hub.events()] == ["old", "new"]


async def test_the_version_of_a_client_is_no_data(hub: Workspace) -> None:
    """It says nothing of what happened; unknown fields beside the properties are left out too."""
    await hub("/v2/event/", sent(properties={"a": {"$b": 1}, "$ss_sdk_version": "x/1"}, extra=1))
    assert (await hub.event())["data"] == {"a": {"$b": 1}}


async def test_data_is_kept_as_it_was_said(hub: Workspace) -> None:
    """Numbers, order and letters of every script."""
    body = (
        b'{"event":"seen","distinct_id":"u1","properties":{"z":1.10,"a":[1e2,{"b":null}],"n":"Zo\\u00eb \xe2\x9c\x93"}}'
    )
    assert (await hub("/v2/event/", body)).status == 202
    event = await hub.event()
    assert list(event["data"]) == ["z", "a", "n"]
    assert event["data"] == {"z": 1.10, "a": [100, {"b": None}], "n": "Zoë ✓"}


async def test_attachments_stay_with_the_data(hub: Workspace) -> None:
    """By URL, which nobody fetches, and as a file; with all that was said of them."""
    data = base64.b64encode(b"file").decode()
    given = [FILE | {"ignore_if_error": True}, {"filename": "b", "data": data}]
    assert (await hub("/v2/event/", sent(properties={"no": 1, "$attachments": given}))).status == 202
    assert (await hub.event())["data"] == {"no": 1, "$attachments": given}


@pytest.mark.parametrize(
    "name", ["$notification_delivered", "$notification_dismiss", "$notification_clicked", "$app_launched"]
)
async def test_what_clients_report_by_themselves(hub: Workspace, name: str) -> None:
    """Names with `$` in front that are theirs, and that may be about nobody."""
    assert (await hub("/v2/event", {"event": name, "properties": {"id": "1", "label_id": "2"}})).status == 202
    event = await hub.event()
    assert event["type"] == name
    assert "subject" not in event


async def test_who_logs_in(hub: Workspace) -> None:
    """`$identify` names its user among the properties, as browsers say it."""
    said = {"event": "$identify", "$insert_id": "i", "properties": {"$identified_id": "u7"}}
    assert (await hub("/v2/event", said)).status == 202
    event = await hub.event()
    assert (event["type"], event["subject"], event["data"]) == ("$identify", "u7", {"$identified_id": "u7"})


async def test_an_event_fires_triggers(hub: Workspace) -> None:
    """It is an event like any other: found by its fields, matched by a trigger, with a delivery that is owed."""
    made = await hub.api.trigger(match={"type": "order_placed", "subject": "u1"})
    await hub("/v2/event/", sent())
    event = await hub.event()
    (delivery,) = await hub.api.items(f"/api/v1/deliveries?event={event['id']}")
    assert delivery["trigger"] == made["id"]
    assert len(await hub.api.items("/api/v1/events?subject=u1&type=order_placed")) == 1


async def test_a_query_is_no_matter(hub: Workspace) -> None:
    """It is signed, and means nothing here."""
    assert (await hub("/v2/event/?a=b", sent())).status == 202


@pytest.mark.parametrize("path", ["/v2/event/x", "/v2", "/event/x/y", "/trigger/x", "/v1/user/", "/v1/tenant/a/"])
async def test_wrong_paths_and_methods_answer_in_its_words(hub: Workspace, path: str) -> None:
    """Under each prefix, and never by a redirect."""
    got = await hub(path, b"", "PUT")
    status, message = refused(got)
    assert status in {404, 405}
    assert message
    assert "location" not in got.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/object/teams/"),
        ("POST", "/v1/object/teams/finance/"),
        ("POST", "/v1/user/u1/merge/"),
        ("PATCH", "/v1/user/u1/preference/category/news%20letter/"),
        ("POST", "/v1/subscriber_list/l1/start_sync/"),
        ("PATCH", "/v1/subscriber_list/l1/version/v1/finish_sync/"),
        ("GET", "/v1/message/?limit=5"),
        ("PATCH", "/v1/bulk/message/"),
        ("POST", "/v1/workflow_run/cancel/"),
        ("POST", "/v1/broadcast_run/cancel/"),
        ("GET", "/v1/template/x/channel/email/"),
        ("GET", "/v1/feed/notifications?distinct_id=u1"),
        ("GET", "/v2/subscriber/u1/full_preference/?a=b"),
    ],
)
async def test_what_is_not_there_says_where_to_read_what_is(hub: Workspace, method: str, path: str) -> None:
    """501 with the page's name; but a stranger hears first that they are one."""
    status, message = refused(await hub(path, {} if method != "GET" else b"", method))
    assert status == 501
    assert "docs/reference/dialects/suprsend.md" in message
    assert refused(await hub(path, b"", method, Authorization=""))[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/workspace/"),
        ("GET", "/v1/staging/ws_key/bridge"),
        ("POST", "/v1/staging/ws_api_key/"),
        ("GET", "/v1/staging/workflow/"),
        ("PATCH", "/v1/staging/workflow/welcome/enable/"),
        ("POST", "/v1/staging/event/order%20placed/"),
        ("GET", "/v1/staging/preference_category/translation/locale/"),
        ("POST", "/v2/staging/template/x/commit/"),
    ],
)
async def test_the_management_api_says_where_to_read_what_is(hub: Workspace, method: str, path: str) -> None:
    """501 with the page's name, also to its service tokens, which nothing here could know."""
    for authorization in ("ServiceToken sst_1234", ""):
        status, message = refused(await hub(path, b"", method, Authorization=authorization))
        assert status == 501
        assert "docs/reference/dialects/suprsend.md" in message
