"""What each role may do: every route of the table, by every role. Generic: new routes too."""

import pytest

from ensue.dialects.native import ROUTES
from ensue.domain.key import SCOPES
from ensue.domain.member import LEAST, ROLES, Role, reaches
from ensue.http.exchange import Route, least_role
from tests.dialects.edge import HOOK, Edge
from tests.dialects.people import Browser, seated
from tests.dialects.test_walls import body

OF_PROJECTS = [route for route in ROUTES if route.authenticated and not route.personal]
FOR_PEOPLE = [route for route in ROUTES if route.authenticated and route.scope is None]

SECRETS = {"getSecret", "getActionsSecret", "rotateSecret", "rotateActionsSecret", "createKey", "createTrigger"}
"""What shows or makes secrets."""


def url_of(route: Route) -> str:
    """The route's path with ids of nothing, but for the project."""
    path = route.path.replace("{id}", "default" if route.project else "x").replace("{key}", "x")
    return path + ("?after=" + "x" * 300 if route.name == "stream" else "")  # it has no end: seen by what it refuses


async def tried(browser: Browser, route: Route) -> tuple[int, str]:
    """Status and code of a try that changes nothing."""
    got = await browser(route.method, url_of(route), body(route) or None)
    return got.status, got.json["error"]["code"] if got.status >= 400 else ""


@pytest.mark.parametrize("role", [*ROLES, None])
async def test_every_route_by_every_role(api: Edge, role: Role | None) -> None:
    """Who has the role is let in; who has less gets a 403; who is no member does not even learn that the project is."""
    owner = await seated(api, "owner@example.com", "owner")
    browser = owner if role == "owner" else await seated(api, "who@example.com", role)
    allowed = []
    for route in OF_PROJECTS:
        least = least_role(route)
        assert least is not None, f"{route.name} says no role"
        status, code = await tried(browser, route)
        if role is None:
            assert (status, code) == (404, "not_found"), route.name
        elif reaches(role, least):
            allowed.append(route.name)
            assert status not in (401, 403), (route.name, code)
        else:
            assert (status, code) == (403, "forbidden"), route.name
    assert (len(allowed) > 8) == (role is not None)
    assert not SECRETS & set(allowed) or role in ("owner", "admin")


@pytest.mark.parametrize("route", FOR_PEOPLE, ids=[route.name for route in FOR_PEOPLE])
async def test_no_key_passes_for_a_person(api: Edge, route: Route) -> None:
    """What is for people is refused to a key that may do everything; without anything it is a 401."""
    assert (await api(route.method, url_of(route), body(route))).error[:2] == (403, "forbidden")
    got = await api.with_token(None)(route.method, url_of(route), body(route))
    assert got.error[:2] == (401, "unauthorized")


async def test_viewers_see_no_secrets(api: Edge) -> None:
    """What they read holds no signing secret, no value of a secret header, no token."""
    made = await api.trigger(endpoint={"url": HOOK, "secret_headers": {"authorization": "Bearer hidden"}})
    key = (await api("POST", "/api/v1/keys")).json
    event = await api.send()
    viewer = await seated(api, "viewer@example.com", "viewer")
    for url in ("triggers", f"triggers/{made['id']}", f"deliveries?event={event}", "events", "members"):
        got = await viewer("GET", f"/api/v1/{url}")
        assert got.status == 200, url
        for secret in (made["endpoint"]["secret"], "hidden", key["token"], key["secret"], "password"):
            assert secret.encode() not in got.body, (url, secret)


def test_the_table_of_roles() -> None:
    """Each scope has its roles; no read needs more than the change, and what is said of some routes holds."""
    assert set(LEAST) == set(SCOPES)
    assert all(reaches(change, read) for read, change in LEAST.values())
    least = {route.name: least_role(route) for route in ROUTES}
    for name, role in {
        "listEvents": "viewer",
        "stream": "viewer",
        "listTriggers": "viewer",
        "listDeliveries": "viewer",
        "listMembers": "viewer",
        "sendEvent": "member",
        "pressAction": "member",
        "retryDelivery": "member",
        "cancelDelivery": "member",
        "testTrigger": "member",
        "getSecret": "admin",
        "getActionsSecret": "admin",
        "createTrigger": "admin",
        "deleteEvent": "admin",
        "createKey": "admin",
        "listKeys": "admin",
        "invite": "admin",
        "renameProject": "admin",
        "deleteProject": "owner",
    }.items():
        assert least[name] == role, name
