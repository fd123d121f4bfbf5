"""What stands in a path stays what it is: a `%2F` within an id is part of it, wherever senders choose ids.

Each of these clients encodes ids so (their references); a server that decodes first finds another path, or nothing.
"""

from typing import Any
from urllib.parse import quote

import pytest

from tests.dialects.contract.voices import BEARER, JSON, SECOND, SUPRSEND, Request, Voice, call, new_key
from tests.dialects.contract.ways import WAYS
from tests.dialects.edge import Edge

pytestmark = pytest.mark.parametrize("api", WAYS, indirect=True)

CONFIG = "/v1/config/projects/default/eventing"
NAMES = [
    "a/b",
    "a/b/c",
    "/",
    "a b",
    "ü ✓",
    "a%2Fb",
    "a%b",
    "a+b",
    "a.b",
    "..",
    "a?b",
    "a#b",
    "a:b@c",
    "a;b=c",
    "a&b",
    "~a",
]


async def said(api: Edge, voice: Voice, method: str, path: str, body: bytes = b"") -> Any:
    """What a call that went well says; None for an empty answer."""
    got = await call(api, voice.sign(Request(method, path, body, {"content-type": JSON}), await new_key(api)))
    assert got.status < 300, (path, got.body)
    return got.json if got.body else None


@pytest.mark.parametrize("voice", [SUPRSEND, BEARER], ids=["signed", "bearer"])
async def test_suprsends_people(api: Edge, voice: Voice) -> None:
    """A user is kept, found, listed and deleted by any id."""
    for name in NAMES:
        path = f"/v1/user/{quote(name, safe='')}/"
        await said(api, voice, "POST", path, b'{"name":"x"}')
        assert (await said(api, voice, "GET", path))["distinct_id"] == name
        await said(api, voice, "DELETE", path)
        request = voice.sign(Request("GET", path), await new_key(api))
        assert (await call(api, request)).status == 404


async def test_space_clouds_triggers(api: Edge) -> None:
    """A trigger is kept, listed and deleted by any id."""
    body = b'{"type":"t","url":"https://hooks.example/in"}'
    for name in NAMES:
        path = f"{CONFIG}/triggers/{quote(name, safe='')}"
        await said(api, SECOND, "POST", path, body)
        listed = await said(api, SECOND, "GET", f"{CONFIG}/triggers")
        assert [one["id"] for one in listed["result"]] == [name]
        await said(api, SECOND, "DELETE", path)
        assert (await said(api, SECOND, "GET", f"{CONFIG}/triggers"))["result"] == []


async def test_buttons(api: Edge) -> None:
    """A button is pressed by any key; one that is not there is told from a path that is not."""
    for name in NAMES:
        button = {"key": name, "label": "Go", "url": "https://hooks.example/go", "external": True}
        event = await api.send(card={"actions": [button]})
        got = await api("POST", f"/api/v1/events/{event}/actions/{quote(name, safe='')}")
        assert got.status != 404, got.body
        other = await api("POST", f"/api/v1/events/{event}/actions/{quote(name + 'x', safe='')}")
        assert other.error[:2] == (404, "not_found")
        assert "button" in other.json["error"]["message"] or "action" in other.json["error"]["message"]
