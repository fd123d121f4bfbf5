"""Calls about users: made, read, edited, listed and forgotten, in SuprSend's shapes."""

from typing import Any

import pytest

from tests.dialects.suprsend.client import Workspace, refused

HOOK = "https://hooks.example/services/T1/secret"


async def make(hub: Workspace, *names: str, **values: Any) -> None:
    """Users of these ids."""
    for name in names:
        assert (await hub(f"/v1/user/{name}/", values)).status == 201


async def users(hub: Workspace, query: str = "") -> Any:
    """A page of users: its meta and their ids."""
    got = await hub(f"/v1/user/{query}", method="GET")
    assert got.status == 200, got.body
    return got.json["meta"], [user["distinct_id"] for user in got.json["results"]]


async def test_a_user_is_made_read_and_changed(hub: Workspace) -> None:
    """201 with all that is known; the id is that of the path, decoded; a second time adds to it."""
    body = {
        "name": "Zoë ✓",
        "$email": ["a@example.com"],
        "$sms": "+15555550100",
        "$timezone": "UTC",
        "distinct_id": "x",
    }
    made = await hub("/v1/user/user%40example.com/", body)
    assert made.status == 201
    inbox = made.json.pop("$inbox")
    told = made.json
    identity = {"status": "active", "perma_status": "active"}
    assert told == {
        "distinct_id": "user@example.com",
        "properties": {"$timezone": "UTC", "name": "Zoë ✓"},
        "created_at": "2027-01-15T08:00:00.000000+00:00",
        "updated_at": "2027-01-15T08:00:00.000000+00:00",
        "$inbox": told["$inbox"],
        "$email": [{"value": "a@example.com"} | identity],
        "$sms": [{"value": "+15555550100"} | identity],
    }
    assert inbox == [{"value": inbox[0]["value"], "id_provider": "suprsend"} | identity]
    hub.api.clock.turn(1500)
    again = (await hub("/v1/user/user%40example.com", {"$email": "b@example.com", "plan": "pro"})).json
    assert again["properties"] == {"$timezone": "UTC", "name": "Zoë ✓", "plan": "pro"}
    assert [one["value"] for one in again["$email"]] == ["a@example.com", "b@example.com"]
    assert (again["created_at"], again["updated_at"]) == (told["created_at"], "2027-01-15T08:00:01.500000+00:00")
    assert (await hub("/v1/user/user%40example.com/", method="GET")).json == again


async def test_nothing_need_be_known_of_a_user(hub: Workspace) -> None:
    """`{}` makes one, whatever signs the id has; `%2F` is part of it."""
    assert (await hub("/v1/user/a%2Fb%20c/", {})).json["distinct_id"] == "a/b c"
    assert (await hub("/v1/user/a%2Fb%20c", method="GET")).status == 200


async def test_blanks_around_an_id_are_no_part_of_it(hub: Workspace) -> None:
    """Whoever was made with them is read, edited and forgotten with them, and without."""
    await make(hub, "%20u%201%20")
    for name in ("u%201", "%20u%201"):
        assert (await hub(f"/v1/user/{name}/", method="GET")).json["distinct_id"] == "u 1"
        assert (await hub(f"/v1/user/{name}/subscribed_to/list/", method="GET")).status == 200
    assert (await hub("/v1/user/u%201%20/", method="DELETE")).status == 204


async def test_operators(hub: Workspace) -> None:
    """All are applied in order; the answer is 202 with the user, who is made if new."""
    operations: list[Any] = [
        {"$append": {"$email": "a@example.com"}},
        {"$append": {"$androidpush": "tok", "$id_provider": "xiaomi", "$bundle_id": "com.app"}},
        {"$set": {"plan": "pro", "$preferred_language": "en"}},
        {"$set_once": {"plan": "max"}},
        {"$add": {"n": 2}},
        {"$increment": {"n": 3}},
        {"$append": {"wish": "x"}},
        {"$remove": {"$email": "a@example.com"}},
        {"$set": {"gone": 1}},
        {"$unset": ["gone", "$sms"]},
    ]
    got = await hub("/v1/user/u1/", {"operations": operations}, "PATCH")
    assert got.status == 202
    assert got.json["properties"] == {"$preferred_language": "en", "plan": "pro", "n": 5, "wish": ["x"]}
    assert got.json["$email"] == [{"value": "a@example.com", "status": "inactive", "perma_status": "inactive"}]
    assert got.json["$androidpush"][0] == {
        "value": "tok",
        "id_provider": "xiaomi",
        "bundle_id": "com.app",
        "status": "active",
        "perma_status": "active",
    }
    assert (await hub("/v1/user/u1/", method="GET")).json == got.json


async def test_secrets_are_masked(hub: Workspace) -> None:
    """A chat's token and the address of its hook are not told again."""
    slack = [{"email": "a@example.com", "access_token": "xoxb-secret"}, {"incoming_webhook": {"url": HOOK}}]
    got = await hub("/v1/user/u1/", {"$slack": slack})
    assert [one["value"] for one in got.json["$slack"]] == [
        {"email_id": "a@example.com", "access_token": "xoxb-…"},
        {"incoming_webhook": {"url": "https://hooks.example/…"}},
    ]
    assert b"secret" not in got.body + (await hub("/v1/user/", method="GET")).body


@pytest.mark.parametrize(
    ("method", "body", "named"),
    [
        (
            "POST",
            {"$sms": ["+15555550100", "0555"], "name": "A"},
            "'sms': \"0555\". error: error while parsing number to E164",
        ),
        ("POST", {"$email": "nobody", "$whatsapp": "1"}, "invalid value for channel 'whatsapp'"),
        ("POST", {"$email": 5}, "value must be of string type"),
        ("POST", {"$timezone": "Mars"}, "invalid timezone: Mars"),
        ("POST", {"$locale": "english"}, "invalid locale/language: 'english'"),
        ("POST", {"$slack": "general"}, "value must be of dict/map type"),
        ("POST", {"$nothing": 1}, "'$nothing'"),
        ("POST", [], "must only contain a single JSON object"),
        ("POST", b"", "Request body must not be empty"),
        ("POST", b"{", "not valid JSON"),
        ("POST", b'{"a":"\\ud800"}', "JSON"),
        ("POST", b'{"a":"\\u0000"}', "NUL"),
        ("POST", b'{"a":1e999}', "beyond what can be held"),
        ("PATCH", {}, "'operations'"),
        ("PATCH", {"operations": {}}, "'operations'"),
        ("PATCH", {"operations": [{"$append": "x"}]}, "$append"),
        ("PATCH", {"operations": [{"$replace": {"a": 1}}]}, "$replace"),
        ("PATCH", {"operations": [5]}, "operations[0]"),
        ("PATCH", {"operations": [{"$set": {"a": 1}}, {"$append": {"$email": "x"}}]}, "invalid email address"),
    ],
)
async def test_wrong_values_are_named_and_nothing_is_kept(hub: Workspace, method: str, body: Any, named: str) -> None:
    """400 with what was rejected; not even the good part of it makes a user."""
    status, message = refused(await hub("/v1/user/u1/", body, method))
    assert status == 400
    assert named in message
    assert refused(await hub("/v1/user/u1/", method="GET"))[0] == 404


@pytest.mark.parametrize("name", ["x" * 256, "%0A", "%00", "%20"])
async def test_ids_that_cannot_be(hub: Workspace, name: str) -> None:
    """Too long, or nothing that could be read: refused by name; there is nobody of it either."""
    assert refused(await hub(f"/v1/user/{name}/", {})) == (400, "'distinct_id' must be 1 to 255 printable characters.")
    assert refused(await hub(f"/v1/user/{name}/", method="GET"))[0] == 404


async def test_a_user_can_be_too_large(hub: Workspace) -> None:
    """413, and what there was stays."""
    await make(hub, "u1", a="x")
    assert refused(await hub("/v1/user/u1/", {"a": "x" * 70_000}))[0] == 413
    assert (await hub("/v1/user/u1/", method="GET")).json["properties"] == {"a": "x"}


async def test_users_are_forgotten(hub: Workspace) -> None:
    """204 without a body, 404 for one who is not there; many at once pass over those."""
    await make(hub, "a", "b", "c")
    gone = await hub("/v1/user/a/", method="DELETE")
    assert (gone.status, gone.body) == (204, b"")
    assert refused(await hub("/v1/user/a/", method="DELETE")) == (404, "user [distinct_id: 'a'] not found")
    many = await hub("/v1/bulk/user/", {"distinct_ids": ["b", "a"]}, "DELETE")
    assert (many.status, many.body) == (204, b"")
    assert (await users(hub))[1] == ["c"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"distinct_ids": []},
        {"distinct_ids": "a"},
        {"distinct_ids": [1]},
        {"distinct_ids": [str(at) for at in range(101)]},
        [],
        b"",
    ],
)
async def test_whom_to_forget_is_checked(hub: Workspace, body: Any) -> None:
    """One to a hundred ids as text, or nobody is forgotten."""
    await make(hub, "1")
    assert refused(await hub("/v1/bulk/user/", body, "DELETE"))[0] == 400
    assert (await users(hub))[1] == ["1"]


async def test_pages_of_users(hub: Workspace) -> None:
    """`after` leads on, `before` leads back, each user once; where nothing is, the cursor is null."""
    await make(hub, *(f"u{at}" for at in range(5)))
    meta, names = await users(hub, "?limit=2")
    assert names == ["u4", "u3"]
    assert meta | {"after": 0} == {
        "count": 5,
        "limit": 2,
        "has_prev": False,
        "before": None,
        "has_next": True,
        "after": 0,
    }
    second, names = await users(hub, f"?limit=2&after={meta['after']}")
    assert (names, second["has_prev"], second["has_next"]) == (["u2", "u1"], True, True)
    third, names = await users(hub, f"?limit=2&after={second['after']}")
    assert (names, third["has_prev"], third["has_next"], third["after"]) == (["u0"], True, False, None)
    back, names = await users(hub, f"?limit=2&before={third['before']}")
    assert (names, back) == (["u2", "u1"], second)
    first, names = await users(hub, f"?limit=2&before={back['before']}")
    assert (names, first) == (["u4", "u3"], meta)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "after=!",
        "after=AA",
        "before=%00",
        "after=dTE&before=dTE",
        "limit=%ff",
    ],
)
async def test_wrong_queries_are_named(hub: Workspace, query: str) -> None:
    """Numbers out of range and cursors that are none."""
    assert refused(await hub(f"/v1/user/?{query}", method="GET"))[0] == 400


async def test_unknown_parameters_are_passed_over(hub: Workspace) -> None:
    """Clients send more than is documented; but a filter by tenant would give wrong users, and is refused."""
    await make(hub, "a")
    assert (await users(hub, "?sort=asc&limit=&tenant_id=default"))[1] == ["a"]
    status, message = refused(await hub("/v1/user/?tenant_id=acme", method="GET"))
    assert (status, "tenant" in message) == (501, True)


async def test_no_users_at_all(hub: Workspace) -> None:
    """An empty page leads nowhere."""
    meta, names = await users(hub)
    assert names == []
    assert (meta["count"], meta["limit"], meta["has_next"], meta["has_prev"]) == (0, 20, False, False)
