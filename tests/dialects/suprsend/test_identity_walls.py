"""The walls around users, tenants and lists: rights, public keys, other projects, and what is not here."""

from typing import Any

import pytest

from ensue.dialects.suprsend.identity import ROUTES
from ensue.domain.key import Scope
from ensue.http.exchange import Route
from tests.dialects.edge import Edge
from tests.dialects.suprsend.client import Workspace, refused, workspace

NAMES = [f"{route.method} {route.path}" for route in ROUTES]
BODIES: dict[str, Any] = {
    "POST /v1/user/{id}": {"a": 1},
    "PATCH /v1/user/{id}": {"operations": [{"$set": {"a": 1}}]},
    "DELETE /v1/bulk/user": {"distinct_ids": ["mine"]},
    "POST /v1/tenant/{id}": {"tenant_name": "A"},
    "POST /v1/brand/{id}": {"brand_name": "A"},
    "POST /v1/subscriber_list": {"list_id": "mine"},
    "POST /v1/subscriber_list/{id}/subscriber/add": {"distinct_ids": ["mine"]},
    "POST /v1/subscriber_list/{id}/subscriber/remove": {"distinct_ids": ["mine"]},
}
every_route = pytest.mark.parametrize("route", ROUTES, ids=NAMES)


async def call(hub: Workspace, route: Route) -> Any:
    """The call of a route, about the thing called `mine`."""
    body = BODIES.get(f"{route.method} {route.path}", b"")
    return await hub(route.path.replace("{id}", "mine"), body, route.method)


async def state(hub: Workspace) -> list[bytes]:
    """All that a project shows of people."""
    urls = ("/v1/user/", "/v1/tenant/", "/v1/subscriber_list/", "/v1/subscriber_list/mine/subscriber/")
    return [(await hub(url, method="GET")).body for url in urls]


async def furnish(hub: Workspace) -> list[bytes]:
    """One thing of each kind, called `mine`, and all that is to be seen of them."""
    for name in ("POST /v1/user/{id}", "POST /v1/tenant/{id}", "POST /v1/subscriber_list"):
        assert (await hub(name.partition(" ")[2].replace("{id}", "mine"), BODIES[name])).status == 201
    assert (await hub("/v1/subscriber_list/mine/subscriber/add/", {"distinct_ids": ["mine"]})).json[
        "affected_count"
    ] == 1
    return await state(hub)


@every_route
async def test_other_projects_are_not_seen_nor_touched(hub: Workspace, api: Edge, route: Route) -> None:
    """Whatever a stranger does about the same ids, ours stand as they were; what they read is nothing of ours."""
    before = await furnish(hub)
    got = await call(await workspace(api, "stranger"), route)
    assert await state(hub) == before
    if route.method == "GET" and "{id}" in route.path:
        assert refused(got)[0] == 404
    elif route.method == "GET":
        assert b"mine" not in got.body


@every_route
async def test_rights(hub: Workspace, api: Edge, route: Route) -> None:
    """Reading needs `events:read`, all else `events:write`; the other right alone does nothing."""
    before = await furnish(hub)
    scope: Scope = "events:write" if route.method == "GET" else "events:read"
    status, message = refused(await call(await workspace(api, "default", scope), route))
    assert status == 403
    assert "scope" in message
    assert await state(hub) == before


@every_route
async def test_public_keys_do_none_of_it(hub: Workspace, api: Edge, route: Route) -> None:
    """A browser's key sends events only."""
    before = await furnish(hub)
    made = await api.house.engine.keys.create("default", ("events:write",), public=True)
    body = BODIES.get(f"{route.method} {route.path}", b"")
    got = await api.with_token(None)(route.method, route.path.replace("{id}", "mine"), body, Authorization=made.token)
    assert refused(got)[0] == 403
    assert await state(hub) == before


@every_route
async def test_strangers_are_turned_away(hub: Workspace, route: Route) -> None:
    """Without a key, or with a wrong signature: 401."""
    body = BODIES.get(f"{route.method} {route.path}", b"")
    for header in ("", f"{hub.id}:d3Jvbmc="):
        got = await hub(route.path.replace("{id}", "mine"), body, route.method, Authorization=header)
        assert refused(got)[0] == 401


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "/v1/user/u1/merge/"),
        ("GET", "/v1/user/u1/associated_tenant/"),
        ("POST", "/v1/user/u1/tenant/acme/"),
        ("GET", "/v1/user/u1/preference/"),
        ("PATCH", "/v1/user/u1/preference/category/news/"),
        ("PATCH", "/v1/bulk/user/preference/reset/"),
        ("GET", "/v1/user/u1/subscribed_to/object/"),
        ("GET", "/v1/tenant/acme/preference/category/"),
        ("POST", "/v1/object/teams/finance/"),
        ("DELETE", "/v1/bulk/object/teams/"),
        ("POST", "/v1/subscriber_list/vips/start_sync/"),
        ("PATCH", "/v1/subscriber_list/vips/version/v1/finish_sync/"),
        ("POST", "/v1/subscriber_list/vips/version/v1/subscriber/add/"),
    ],
)
async def test_what_is_not_here_says_so(hub: Workspace, method: str, url: str) -> None:
    """501 with the page that lists what is."""
    status, message = refused(await hub(url, b"" if method == "GET" else {}, method))
    assert status == 501
    assert "docs/reference/dialects/suprsend.md" in message
