"""Getting in over the native API: set-up once, login, sessions, passwords, resets."""

from tests.dialects.edge import EVENTS, Edge
from tests.dialects.people import PASSWORD, SESSION, Browser, first


async def test_from_the_link_to_the_logout(api: Edge) -> None:
    """The whole way: link, account, session, the API by role, logout."""
    nobody = Browser(api)
    assert (await nobody("GET", "/api/v1/console")).json["setup_needed"] is True
    assert (await nobody("GET", SESSION)).error[:2] == (401, "unauthorized")
    ada = await first(api)
    assert (await nobody("GET", "/api/v1/console")).json["setup_needed"] is False
    got = await ada("GET", SESSION)
    assert (got.status, got.json["member"]["email"]) == (200, "ada@example.com")
    assert [(one["slug"], one["role"]) for one in got.json["projects"]] == [("default", "owner")]
    sent = await ada("POST", EVENTS, {"type": "order.paid"})
    assert sent.status == 202
    assert (await ada("GET", EVENTS)).json["items"][0]["id"] == sent.json["id"]
    assert (await ada("GET", EVENTS, ensue_project="default")).status == 200
    assert (await ada("GET", EVENTS, ensue_project="other")).error[:2] == (404, "not_found")
    kept = ada.cookie
    assert (await ada("DELETE", SESSION)).status == 204
    assert ada.cookie == ""
    ada.cookie = kept
    assert (await ada("GET", SESSION)).error[:2] == (401, "unauthorized")
    assert (await ada.sign_in("ADA@example.com", PASSWORD)).status == 200
    assert (await ada("GET", EVENTS)).status == 200
