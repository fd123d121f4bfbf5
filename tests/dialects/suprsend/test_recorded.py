"""What their clients sent to them, sent to us: each request answered as its client needs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.suprsend.client import Workspace, refused

HERE = Path(__file__).parent
THEIRS = "WKEY_0123456789abcdefghij"


def recorded(name: str) -> list[dict[str, Any]]:
    """The requests of a file."""
    found: list[dict[str, Any]] = json.loads((HERE / name).read_text("utf-8"))
    return found


CALLS = recorded("calls.json") + [call for call in recorded("signatures.json") if call["label"][:2] != "go"]
SENT = [call for call in CALLS if call["target"].endswith(("/event/", "/trigger/", "/broadcast/"))]


@pytest.mark.parametrize("call", SENT, ids=[f"{at} {call['label']}" for at, call in enumerate(SENT)])
async def test_what_was_recorded_is_taken(hub: Workspace, call: dict[str, Any]) -> None:
    """Events, edits and workflows: accepted, each in the shape that its client reads."""
    await hub.api.trigger(match={"type": "workflow.**"})
    target, body = (call[name].replace(THEIRS, hub.id) for name in ("target", "body"))
    body = body.replace('"a@b.c"', '"a@b.co"')  # the recorded one is too short for their own servers
    got = await hub(target, body.encode(), call["method"])
    said = json.loads(body)
    assert got.status == (207 if isinstance(said, list) and target == "/trigger/" else 202), got.body
    assert got.json["status"] == "success"
    if isinstance(said, list):
        assert len(got.json["records"]) == len(said)
        assert all(record["status_code"] == 202 and record["message_id"] for record in got.json["records"])
    else:
        assert got.json["message_id"]


@pytest.mark.parametrize("call", CALLS, ids=[f"{at} {call['label']}" for at, call in enumerate(CALLS)])
async def test_a_stranger_hears_the_same_everywhere(hub: Workspace, call: dict[str, Any]) -> None:
    """As it was recorded, with a key that is not ours: 401 as JSON, before anything else is looked at."""
    target = call["target"].replace(THEIRS, hub.id)
    got = await hub(target, (call["body"] or "").encode(), call["method"], Authorization=f"{THEIRS}:c2lnbmF0dXJl")
    assert refused(got) == (401, "Not Authenticated - could not find Workspace details")


def test_enough_was_recorded() -> None:
    """All that clients send for events, edits, workflows and broadcasts, of both clients."""
    assert {call["target"].replace(THEIRS, "key") for call in SENT} == {
        "/v2/event/",
        "/v2/bulk/event/",
        "/event/",
        "/trigger/",
        "/key/trigger/",
        "/key/broadcast/",
    }
    assert len(SENT) >= 25
