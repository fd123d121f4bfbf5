"""What another site makes a browser send: refused at every route of the table that changes something, new ones too."""

import pytest

from ensue.dialects.native import ROUTES
from ensue.http.exchange import Route
from tests.dialects.edge import Edge
from tests.dialects.people import SESSION, Browser, seated
from tests.dialects.test_roles import url_of
from tests.dialects.test_walls import body

CHANGING = [route for route in ROUTES if route.method not in {"GET", "HEAD"}]
BY_SESSION = [route for route in CHANGING if route.authenticated]
OPEN = [route for route in CHANGING if not route.authenticated]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain")
ELSEWHERE = (
    {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
    {"origin": "null", "sec_fetch_site": ""},
    {"origin": "", "sec_fetch_site": "same-site"},
)


def names(routes: list[Route]) -> list[str]:
    """What each is called."""
    return [route.name for route in routes]


@pytest.mark.parametrize("route", BY_SESSION, ids=names(BY_SESSION))
async def test_a_cookie_alone_changes_nothing(api: Edge, route: Route) -> None:
    """Whatever the route: from another site, from nowhere, or as a form, it is refused before anything happens."""
    owner = await seated(api, "ada@example.com", "owner")
    for headers in (*ELSEWHERE, {"origin": "", "sec_fetch_site": ""}):
        got = await owner(route.method, url_of(route), body(route) or None, **headers)
        assert got.error[:2] == (403, "forbidden"), headers
    for media in FORMS:
        got = await owner(route.method, url_of(route), b"name=x", content_type=media)
        assert got.error[:2] == (415, "unsupported"), media
    assert (await owner("GET", SESSION)).status == 200


@pytest.mark.parametrize("route", OPEN, ids=names(OPEN))
async def test_nobody_is_let_in_from_elsewhere(api: Edge, route: Route) -> None:
    """Set-up, logins, resets and invitations take nothing of other sites, and no forms."""
    for headers in ELSEWHERE:
        assert (await Browser(api)(route.method, url_of(route), body(route), **headers)).error[:2] == (403, "forbidden")
    for media in FORMS:
        got = await Browser(api)(route.method, url_of(route), b"name=x", content_type=media)
        assert got.error[:2] == (415, "unsupported"), media


@pytest.mark.parametrize("name", ["host", "x_forwarded_host", "forwarded", "x_forwarded_proto", "x_original_url"])
async def test_no_header_gets_into_a_link(api: Edge, name: str) -> None:
    """Whatever a request, or a cache before us, calls the host: a link is of the address that the server knows."""
    owner = await seated(api, "ada@example.com", "owner")
    given = {"host": "evil.example", "origin": "http://evil.example"} if name == "host" else {name: "evil.example"}
    made = await owner("POST", "/api/v1/invitations", {"email": "eve@example.com", "role": "viewer"}, **given)
    assert made.status == 201
    assert made.json["link"].startswith("http://127.0.0.1:"), made.json["link"]


def test_reading_is_all_that_a_link_can_do() -> None:
    """No route that changes anything is a GET: a link, an image or a redirect has no cookie's power."""
    verbs = {"send", "create", "delete", "revoke", "change", "remove", "press", "cancel", "retry", "invite", "enable"}
    read = [route.name for route in ROUTES if route.method == "GET"]
    assert len(read) > 20
    assert not [name for name in read if any(name.lower().startswith(verb) for verb in verbs)]
