"""Calls about lists of users: made, filled, read, emptied, removed both ways."""

from typing import Any

import pytest

from tests.dialects.suprsend.client import Workspace, refused

ALL = "/v1/subscriber_list/"
ONE = "/v1/subscriber_list/vips/"


async def make(hub: Workspace, *members: str) -> None:
    """The list `vips` with these members."""
    assert (await hub(ALL, {"list_id": "VIPs", "list_name": "VIPs", "list_description": "d"})).status == 201
    if members:
        assert (await hub(f"{ONE}subscriber/add/", {"distinct_ids": list(members)})).status == 201


async def test_a_list_is_made_and_read(hub: Workspace) -> None:
    """201 with every field that clients read; the same again by get and in the list of lists, with a slash or not."""
    made = await hub(ALL, {"list_id": "VIPs", "list_name": "V", "track_user_entry": True, "query": None})
    assert made.status == 201
    assert made.json == {
        "list_id": "vips",
        "list_name": "V",
        "list_description": "",
        "list_type": "static_list",
        "subscribers_count": 0,
        "source": "api",
        "is_readonly": False,
        "status": "active",
        "track_user_entry": True,
        "track_user_exit": False,
        "requested_for_delete": False,
        "version_id": None,
        "drafts": [],
        "created_at": "2027-01-15T08:00:00.000000+00:00",
        "updated_at": "2027-01-15T08:00:00.000000+00:00",
    }
    for url in (ONE, ONE.removesuffix("/"), "/v1/subscriber_list/VIPS/"):
        assert (await hub(url, method="GET")).json == made.json
    for url in ("/v1/subscriber_list?limit=5", "/v1/subscriber_list/?limit=5&offset=0"):
        listed = (await hub(url, method="GET")).json
        assert listed == {"meta": {"count": 1, "limit": 5, "offset": 0}, "results": [made.json]}


async def test_members_come_and_go(hub: Workspace) -> None:
    """Each answer says how many it moved; the list counts who is on it, and names them."""
    await make(hub, "u1")
    added = await hub(f"{ONE}subscriber/add/", {"distinct_ids": ["u1", "u2", "u3"]})
    assert (added.status, added.json) == (201, {"success": True, "affected_count": 2})
    removed = await hub(f"{ONE}subscriber/remove", {"distinct_ids": ["u1", "nobody"]})
    assert (removed.status, removed.json) == (201, {"success": True, "affected_count": 1})
    assert (await hub(ONE, method="GET")).json["subscribers_count"] == 2
    got = (await hub(f"{ONE}subscriber/?limit=1", method="GET")).json
    assert (got["meta"]["count"], [one["distinct_id"] for one in got["results"]]) == (2, ["u3"])
    rest = (await hub(f"{ONE}subscriber/?limit=1&after={got['meta']['after']}", method="GET")).json
    assert [one["distinct_id"] for one in rest["results"]] == ["u2"]
    assert (rest["meta"]["has_next"], rest["meta"]["has_prev"]) == (False, True)
    back = (await hub(f"{ONE}subscriber/?limit=1&before={rest['meta']['before']}", method="GET")).json
    assert back == got


async def test_the_lists_of_a_user(hub: Workspace) -> None:
    """By cursor; 404 for nobody; a user who is forgotten is on none, and counted on none."""
    await make(hub, "u1", "u2")
    got = (await hub("/v1/user/u1/subscribed_to/list/", method="GET")).json
    assert (got["meta"]["count"], [one["list_id"] for one in got["results"]]) == (1, ["vips"])
    assert refused(await hub("/v1/user/u9/subscribed_to/list/", method="GET"))[0] == 404
    assert (await hub("/v1/user/u1/", method="DELETE")).status == 204
    assert (await hub(ONE, method="GET")).json["subscribers_count"] == 1
    await hub("/v1/user/u1/", {})
    assert (await hub("/v1/user/u1/subscribed_to/list/", method="GET")).json["results"] == []


@pytest.mark.parametrize(("method", "url"), [("DELETE", ONE), ("PATCH", f"{ONE}delete/")])
async def test_a_list_is_removed_both_ways(hub: Workspace, method: str, url: str) -> None:
    """200 with `success`; afterwards it is not found; its members stay users."""
    await make(hub, "u1")
    gone = await hub(url, b"" if method == "DELETE" else {}, method)
    assert (gone.status, gone.json) == (200, {"success": True})
    for again in (await hub(url, b"", method), await hub(ONE, method="GET")):
        assert refused(again) == (404, "list_id: 'vips' not found")
    assert (await hub("/v1/user/u1/", method="GET")).status == 200


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (ALL, {}),
        (ALL, {"list_id": 5}),
        (ALL, {"list_id": "a b"}),
        (ALL, {"list_id": "x" * 65}),
        (ALL, {"list_id": "l", "list_name": 5}),
        (ALL, {"list_id": "l", "track_user_exit": "no"}),
        (ALL, []),
        (ALL, b""),
        (f"{ONE}subscriber/add/", {}),
        (f"{ONE}subscriber/add/", {"distinct_ids": []}),
        (f"{ONE}subscriber/add/", {"distinct_ids": "u1"}),
        (f"{ONE}subscriber/add/", {"distinct_ids": [1]}),
        (f"{ONE}subscriber/add/", {"distinct_ids": ["u1", ""]}),
        (f"{ONE}subscriber/remove/", {"distinct_ids": [None]}),
        (f"{ONE}subscriber/remove/", {"distinct_ids": ["x" * 256]}),
    ],
)
async def test_wrong_bodies_are_refused(hub: Workspace, url: str, body: Any) -> None:
    """400, and nothing is made or moved."""
    await make(hub)
    assert refused(await hub(url, body))[0] == 400
    assert (await hub(ALL, method="GET")).json["meta"]["count"] == 1
    assert (await hub("/v1/user/", method="GET")).json["meta"]["count"] == 0


@pytest.mark.parametrize("path", ["subscriber/add/", "subscriber/remove/"])
async def test_unknown_lists_are_not_found(hub: Workspace, path: str) -> None:
    """In their words."""
    assert refused(await hub(ONE + path, {"distinct_ids": ["a"]})) == (404, "list_id: 'vips' not found")
    assert refused(await hub(f"{ONE}subscriber/", method="GET")) == (404, "list_id: 'vips' not found")
