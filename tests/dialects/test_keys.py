"""Keys over the native API: made with scopes, shown once, listed, revoked."""

from typing import Any

import pytest

from ensue.domain.key import SCOPES
from tests.dialects.edge import EVENTS, Edge

KEYS = "/api/v1/keys"


async def test_a_key_is_shown_once_and_works(api: Edge) -> None:
    """The answer has token, secret and JWT; the list has none of them; the key may do what its scopes say."""
    api.clock.turn(1)
    got = await api("POST", KEYS, {"name": "reader", "scopes": ["events:read"]})
    assert got.status == 201
    made = got.json
    assert (made["scopes"], made["project"], made["name"]) == (["events:read"], "default", "reader")
    assert made["token"].startswith("ens_")
    listed = await api("GET", KEYS)
    assert made["id"] == listed.json["items"][0]["id"]
    for hidden in ("token", "secret", "jwt"):
        assert made[hidden].encode() not in listed.body
    reader = api.with_token(made["token"])
    assert (await reader("GET", EVENTS)).status == 200
    assert (await reader("POST", EVENTS, {"type": "t"})).error[:2] == (403, "forbidden")


async def test_without_scopes_a_key_may_do_everything_in_its_project(api: Edge) -> None:
    """An empty body makes a key with all scopes."""
    assert (await api("POST", KEYS)).json["scopes"] == list(SCOPES)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": "admin"}, "scopes"),
        ({"scopes": [1]}, "scopes[0]"),
        ({"name": 1}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\nb"}, "name"),
    ],
)
async def test_a_wrong_field_is_named(api: Edge, body: dict[str, Any], field: str) -> None:
    """Scopes that do not exist, none at all, and wrong names are 400s."""
    assert (await api("POST", KEYS, body)).error == (400, "invalid", field)


async def test_no_key_is_made_for_another_project(api: Edge) -> None:
    """A project cannot be named: keys are of the key's own."""
    assert (await api("POST", KEYS, {"project": "other"})).error[:2] == (400, "invalid")


async def test_a_revoked_key_ends_at_once(api: Edge) -> None:
    """After revoking, the token is a 401; the key stays in the list with the time; a second time changes nothing."""
    made = (await api("POST", KEYS)).json
    other = api.with_token(made["token"])
    assert (await other("GET", EVENTS)).status == 200
    got = await api("DELETE", f"{KEYS}/{made['id']}")
    assert (got.status, got.json["revoked_at"]) == (200, "2027-01-15T08:00:00.000Z")
    assert (await other("GET", EVENTS)).error[:2] == (401, "unauthorized")
    api.clock.turn(1_000)
    assert (await api("DELETE", f"{KEYS}/{made['id']}")).json == got.json
    assert (await api("GET", f"{KEYS}/{made['id']}")).json == got.json


async def test_pages(api: Edge) -> None:
    """Keys are listed newest first, each once."""
    made = [(await api("POST", KEYS, {"name": str(at)})).json["id"] for at in range(3)]
    page = (await api("GET", f"{KEYS}?limit=2")).json
    rest = (await api("GET", f"{KEYS}?next={page['next']}")).json
    seen = [one["id"] for one in page["items"] + rest["items"]]
    assert seen == sorted(seen, reverse=True)
    assert set(made) < set(seen)
    assert len(seen) == 5
