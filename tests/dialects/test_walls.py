"""The walls around every route of the table: other projects, missing rights, missing keys. Generic: new routes too."""

import pytest

from ensue.dialects.native import ROUTES
from ensue.domain.key import SCOPES
from ensue.http.exchange import Route
from ensue.http.openapi import describe
from tests.dialects.edge import EVENTS, HOOK, TRIGGERS, Edge

NAMES = [f"{route.method} {route.path}" for route in ROUTES]
KEYED = [route for route in ROUTES if route.scope is not None]
"""The routes that keys may use; those of people are held by tests/dialects/test_roles.py."""
KEYED_NAMES = [f"{route.method} {route.path}" for route in KEYED]
CLOSED = [route for route in ROUTES if route.authenticated]
CLOSED_NAMES = [f"{route.method} {route.path}" for route in CLOSED]
WITH_ID = [route for route in KEYED if "{id}" in route.path]
KINDS = ("event", "scheduled", "trigger", "delivery", "key", "project", "replay")

BODIES = {
    f"POST {TRIGGERS}": {"name": "n", "endpoint": {"url": HOOK}},
    f"PATCH {TRIGGERS}/{{id}}": {"name": "n"},
    f"POST {EVENTS}": {"type": "t"},
    f"POST {EVENTS}/batch": {"events": [{"type": "t"}]},
    "POST /api/v1/replays": {"state": "dead"},
}


def body(route: Route) -> object:
    """A body that the route would take."""
    return BODIES.get(f"{route.method} {route.path}", b"")


async def one_of_each(api: Edge) -> dict[str, str]:
    """The id of one thing of each kind, in the project of the key."""
    trigger = await api.trigger(enabled=False)
    event = await api.send()
    (delivery,) = await api.items(f"/api/v1/deliveries?event={event}")
    key = (await api.items("/api/v1/keys"))[0]
    document = await api.house.store.list("key", None, None, 100)
    project = next(one.project for one in document if one.id == key["id"])
    scheduled = await api.send(delay=60)
    replay = (await api("POST", "/api/v1/replays", {"to": trigger["id"], "type": "other"})).json["id"]
    kinds = (event, scheduled, trigger["id"], delivery["id"], key["id"], project, replay)
    return dict(zip(KINDS, kinds, strict=True))


@pytest.mark.parametrize("route", WITH_ID, ids=[f"{route.method} {route.path}" for route in WITH_ID])
async def test_another_projects_ids_are_a_404(api: Edge, route: Route) -> None:
    """Every route with an id says 404 to every kind of id of another project, and changes nothing there."""
    stranger = await api.with_key("stranger")
    mine = await one_of_each(api)
    before = [(await api("GET", url)).body for url in (EVENTS, TRIGGERS, "/api/v1/deliveries", "/api/v1/keys")]
    assert set(mine) == set(KINDS)
    for kind, name in mine.items():
        got = await stranger(route.method, route.path.replace("{id}", name), body(route))
        assert got.error[:2] == (404, "not_found"), kind
    after = [(await api("GET", url)).body for url in (EVENTS, TRIGGERS, "/api/v1/deliveries", "/api/v1/keys")]
    assert after == before


@pytest.mark.parametrize("url", [EVENTS, f"{EVENTS}?state=scheduled", TRIGGERS, "/api/v1/deliveries", "/api/v1/keys"])
async def test_another_projects_things_are_in_no_list(api: Edge, url: str) -> None:
    """Lists show what is of the key's project."""
    stranger = await api.with_key("stranger")
    mine = await one_of_each(api)
    text = (await stranger("GET", url)).body.decode()
    assert not any(name in text for name in mine.values())


async def test_another_projects_ids_find_nothing_as_filters(api: Edge) -> None:
    """Naming a foreign trigger or event in a query finds nothing."""
    stranger = await api.with_key("stranger")
    mine = await one_of_each(api)
    for query in (f"trigger={mine['trigger']}", f"event={mine['event']}"):
        assert len(await api.items(f"/api/v1/deliveries?{query}")) == 1
        assert await stranger.items(f"/api/v1/deliveries?{query}") == []


@pytest.mark.parametrize("route", CLOSED, ids=CLOSED_NAMES)
async def test_every_route_asks_for_a_key(api: Edge, route: Route) -> None:
    """Without a key, with a malformed one and with an unknown one: 401 with a challenge."""
    path = route.path.replace("{id}", "x")
    for token in (None, "ens_unknown", "not a token!"):
        got = await api.with_token(token)(route.method, path, body(route))
        assert got.error[:2] == (401, "unauthorized")
        assert got.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", KEYED, ids=KEYED_NAMES)
async def test_every_route_asks_for_its_scope(api: Edge, route: Route) -> None:
    """A key with every scope but the route's is a 403; one with that scope alone, or `admin`, is let in."""
    assert route.scope is not None
    path = route.path.replace("{id}", "x")
    rest = [scope for scope in SCOPES if scope not in (route.scope, "admin")]
    lacking = await api.with_key("default", *rest)
    assert (await lacking(route.method, path, body(route))).error[:2] == (403, "forbidden")
    if route.name == "stream":  # goes on for ever: that it is let in is seen by what it refuses later
        path += "?after=" + "x" * 300
    for scope in {route.scope, "admin"}:
        allowed = await api.with_key("default", scope)
        got = await allowed(route.method, path, body(route))
        assert got.status not in (401, 403), got.body


async def test_the_table_is_described(api: Edge) -> None:
    """Each route stands in the OpenAPI page under a name of its own, with its scope and its types."""
    got = await api("GET", "/api/v1/openapi.json")
    assert got.status == 200
    document = describe(ROUTES, "0")
    assert got.json["paths"].keys() == document["paths"].keys()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(ROUTES) > 20
    assert {one["x-ensue-scope"] for one in operations if "x-ensue-scope" in one} == set(SCOPES)
    assert (await api.with_token(None)("GET", "/docs")).status == 200


@pytest.mark.parametrize("route", ROUTES, ids=NAMES)
async def test_other_methods_are_a_405(api: Edge, route: Route) -> None:
    """A method that a path does not have is named with those that it has."""
    got = await api("PUT", route.path.replace("{id}", "x"))
    assert got.error[:2] == (405, "not_allowed")
    assert route.method in got.headers["allow"]
