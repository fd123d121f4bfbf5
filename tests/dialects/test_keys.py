"""Keys over the native API: made with scopes, shown once, listed, revoked."""

from pathlib import Path
from typing import Any

import pytest

from ensue.domain.key import SCOPES
from tests.dialects.edge import EVENTS, Edge, edge
from tests.engine.test_tokens import pem_of, private_key

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


async def test_a_public_key_may_only_send(api: Edge) -> None:
    """Its one scope is to send; it has no secret and no JWT; it is listed with the pages that it is for."""
    made = (
        await api("POST", KEYS, {"public": True, "origins": ["https://Shop.example:443", "http://localhost:3000"]})
    ).json
    origins = ["https://shop.example", "http://localhost:3000"]
    assert (made["public"], made["origins"], made["scopes"]) == (True, origins, ["events:write"])
    assert "secret" not in made
    assert "jwt" not in made
    listed = next(item for item in await api.items(KEYS) if item["id"] == made["id"])
    assert (listed["public"], listed["origins"], listed["algorithm"]) == (True, origins, "HS256")
    page = api.with_token(made["token"])
    assert (await page("POST", EVENTS, {"type": "t"}, origin=origins[0])).status == 202
    for elsewhere in ("https://other.example", "null", "https://shop.example:8443"):
        assert (await page("POST", EVENTS, {"type": "t"}, origin=elsewhere)).error[:2] == (403, "forbidden")
    assert (await page("POST", EVENTS, {"type": "t"})).error[:2] == (403, "forbidden")
    assert (await page("GET", EVENTS, origin=origins[0])).error[:2] == (403, "forbidden")
    assert (await page("POST", KEYS, origin=origins[0])).error[:2] == (403, "forbidden")


async def test_a_public_key_is_slowed_down(tmp_path: Path) -> None:
    """A burst passes, then it is a 429 that says when to come again; other keys are not concerned."""
    async with edge(tmp_path, public_rate=2.0, public_burst=3) as api:
        token = (await api("POST", KEYS, {"public": True})).json["token"]
        page, same = api.with_token(token), await api.with_key("default", "events:write")
        assert [(await page("POST", EVENTS, {"type": "t"})).status for _ in range(4)] == [202, 202, 202, 429]
        slow = await page("POST", EVENTS, {"type": "t"}, origin="https://shop.example")
        assert slow.error[:2] == (429, "rate_limited")
        assert (slow.headers["retry-after"], slow.headers["access-control-allow-origin"]) == ("1", "*")
        assert (await same("POST", EVENTS, {"type": "t"})).status == 202
        api.clock.turn(500)
        assert [(await page("POST", EVENTS, {"type": "t"})).status for _ in range(2)] == [202, 429]


async def test_a_key_with_a_verifier_signs_by_rs256(api: Edge) -> None:
    """It has its token, and no secret; the list says how its JWTs are signed, and not by whom."""
    pem = pem_of(private_key())
    made = (await api("POST", KEYS, {"verifier": pem, "scopes": ["events:read"]})).json
    assert made["algorithm"] == "RS256"
    assert not {"secret", "jwt", "public", "origins"} & set(made)
    assert (await api.with_token(made["token"])("GET", EVENTS)).status == 200
    shown = (await api("GET", f"{KEYS}/{made['id']}")).json
    assert (shown["algorithm"], shown["scopes"]) == ("RS256", ["events:read"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"public": 1}, "public"),
        ({"public": True, "scopes": ["events:write", "admin"]}, "scopes"),
        ({"public": True, "scopes": []}, "scopes"),
        ({"origins": ["https://shop.example"]}, "origins"),
        ({"public": True, "origins": "https://shop.example"}, "origins"),
        ({"public": True, "origins": ["https://shop.example", "shop.example"]}, "origins[1]"),
        ({"public": True, "origins": ["https://shop.example/"]}, "origins[0]"),
        ({"public": True, "origins": ["https://u@shop.example"]}, "origins[0]"),
        ({"public": True, "origins": ["null"]}, "origins[0]"),
        ({"public": True, "origins": ["*"]}, "origins[0]"),
        ({"public": True, "origins": [""]}, "origins[0]"),
        ({"public": True, "origins": ["https://" + "a" * 300]}, "origins[0]"),
        ({"public": True, "origins": ["https://a.example"] * 51}, "origins"),
        ({"verifier": ""}, "verifier"),
        ({"verifier": "secret"}, "verifier"),
        ({"verifier": 1}, "verifier"),
        ({"verifier": "-----BEGIN PRIVATE KEY-----\n"}, "verifier"),
        ({"verifiers": "x"}, None),
    ],
)
async def test_what_makes_no_such_key(api: Edge, body: dict[str, Any], field: str | None) -> None:
    """Named field by field, and nothing is made."""
    assert (await api("POST", KEYS, body)).error == (400, "invalid", field)
    assert len(await api.items(KEYS)) == 2
