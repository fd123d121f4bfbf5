"""Getting in over the native API: set-up once, login, sessions, passwords, resets."""

from pathlib import Path

import msgspec

from ensue.testing import Sink
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.people import PASSWORD, SESSION, Browser, first, seated


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


async def test_who_pressed_is_the_member(api: Edge) -> None:
    """A button that a person presses is pressed by them, by name: in the answer and for the receiver."""
    grace = await seated(api, "grace@example.com", "member")
    async with Sink() as sink:
        button = {"key": "ban", "label": "Ban", "url": sink.url}
        event = await api.send(card={"title": "A user", "actions": [button]})
        got = await grace("POST", f"{EVENTS}/{event}/actions/ban")
        (received,) = await sink.wait_for(1)
    who = {"id": "acc_grace", "name": "N"}
    assert (got.status, got.json["state"], got.json["by"]) == (200, "done", who)
    assert msgspec.json.decode(received.body)["pressedBy"] == who


async def test_the_first_key(api: Edge) -> None:
    """An admin of its project may see it, to paste it, until the file is gone or the key is revoked."""
    ada, bob = await seated(api, "ada@example.com", "owner"), await seated(api, "bob@example.com", "member")
    assert (await ada("POST", "/api/v1/projects", {"name": "Other"})).status == 201
    path = "/api/v1/keys/first"
    token = (await ada("GET", path)).json["token"]
    assert (await api.with_token(token)("GET", EVENTS)).status == 200
    assert (await bob("GET", path)).error[:2] == (403, "forbidden")
    assert (await api("GET", path)).error[:2] == (403, "forbidden")
    assert (await ada("GET", path, ensue_project="other")).error[:2] == (404, "not_found")
    key = await api.house.engine.keys.authenticate(token)
    await api.house.engine.keys.revoke(key.project, key.id)
    assert (await ada("GET", path)).error[:2] == (404, "not_found")
    (Path(api.house.config.data) / "first-key").unlink()
    assert (await ada("GET", path)).error[:2] == (404, "not_found")
