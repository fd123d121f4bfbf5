"""One model, many tongues: whatever way an event came in, it is the same kind of event."""

from typing import Any

import msgspec
import pytest

from ensue.domain.key import Scope
from tests.dialects.contract.voices import VOICES, Voice, call, events_of, new_key
from tests.dialects.contract.ways import WAYS
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.test_stream import followed, next_events

pytestmark = pytest.mark.parametrize("api", WAYS, indirect=True)
EACH = pytest.mark.parametrize("voice", VOICES, ids=[voice.name for voice in VOICES])
LONG = {"data": {"n": 1, "text": "Zoë ✓ 🎉", "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}}


async def sent(api: Edge, voice: Voice, *scopes: Scope, **event: Any) -> None:
    """An event that was accepted."""
    got = await call(api, voice.sign(voice.event(**event), await new_key(api, "default", *scopes)))
    assert got.status == voice.accepted, got.body


def holds(event: dict[str, Any], voice: Voice, data: Any) -> None:
    """Whether an event says what was sent."""
    assert event["type"] == "order.paid"
    assert event.get("subject") == (None if voice.dialect == "spacecloud" else "u1")
    assert voice.data(event) == data
    assert event["state"] == "recorded"


@EACH
async def test_an_event_is_seen_by_the_native_api(api: Edge, voice: Voice) -> None:
    """In the list and by its id, with type, subject and data; a key that may only send can send it."""
    await sent(api, voice, "events:write", **LONG)
    (event,) = await api.items(EVENTS)
    holds(event, voice, LONG["data"])
    assert (await api("GET", f"{EVENTS}/{event['id']}")).json["type"] == "order.paid"


@EACH
async def test_an_event_is_seen_live(api: Edge, voice: Voice) -> None:
    """In the stream, as the list shows it, to whoever asks for its type; those of other types are not."""
    opened = await followed(api, "type=order.*")
    await anext(opened.chunks), await anext(opened.chunks)
    await sent(api, voice, kind="other.type")
    await sent(api, voice)
    (message,) = await next_events(opened)
    event = msgspec.json.decode(message["data"])
    holds(event, voice, {"n": 1})
    assert event in await api.items(EVENTS)


@EACH
async def test_an_event_fires_a_native_trigger(api: Edge, voice: Voice) -> None:
    """One delivery to the trigger that wants its type, none to another."""
    wanted = await api.trigger(match={"type": "order.*"}, enabled=False)
    await api.trigger(match={"type": "user.*"}, enabled=False)
    await sent(api, voice)
    (event,) = await api.items(EVENTS)
    (delivery,) = await api.items("/api/v1/deliveries")
    assert (delivery["event"], delivery["trigger"]) == (event["id"], wanted["id"])


@EACH
async def test_an_event_stays_in_its_project(api: Edge, voice: Voice) -> None:
    """Nobody else's list has it."""
    await sent(api, voice)
    await new_key(api, "other")
    assert await events_of(api, "other") == []


@EACH
async def test_a_slash_at_the_end_is_the_same_path(api: Edge, voice: Voice) -> None:
    """With it and without; a query changes nothing either."""
    key = await new_key(api)
    bare = voice.path.rstrip("/")
    for path in (bare, bare + "/"):
        request = msgspec.structs.replace(voice.event(), path=path)
        assert (await call(api, voice.sign(request, key))).status == voice.accepted
    assert len(await api.items(EVENTS)) == 2


@EACH
async def test_an_event_comes_back_by_its_search_for_type(api: Edge, voice: Voice) -> None:
    """Types with blanks and letters of any script are one name in every tongue."""
    kind = "Zahlung eingegangen ✓"
    await sent(api, voice, kind=kind)
    assert [event["type"] for event in await api.items(EVENTS)] == [kind]
    assert len(await api.items(f"{EVENTS}?type=Zahlung%20eingegangen%20%E2%9C%93")) == 1
