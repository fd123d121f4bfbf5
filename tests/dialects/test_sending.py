"""`POST /events`: what is accepted, what is refused with which field, repeats, and the ways in by media type."""

from typing import Any

import msgspec
import pytest

from ensue.domain.document import Put
from ensue.domain.key import key_document, key_of
from tests.dialects.edge import EVENTS, Edge

CARD = {
    "title": "Paid",
    "avatar": "🦊",
    "category": "sales",
    "content": {"type": "rows", "value": [["a", 1]]},
    "actions": [{"key": "ban", "label": "Ban", "url": "https://shop.example/ban", "expires_in": 60, "meta": {"id": 1}}],
    "muted": True,
    "notify": True,
    "test": True,
}
FULL = {
    "type": "order.paid",
    "data": {"amount": 12.50, "text": "é\n"},
    "subject": "user-1",
    "source": "/shop",
    "time": "2026-01-02T03:04:05Z",
    "id": "mine",
    "idempotency_key": "key-1",
    "tenant": "acme",
    "context": {"id": "story", "start": True},
    "card": CARD,
}


async def test_every_field_comes_out_as_it_went_in(api: Edge) -> None:
    """An event with all fields is read back with the same values, under our id and with the sender's beside it."""
    got = await api("POST", EVENTS, FULL)
    assert got.status == 202
    assert got.json == {"id": got.json["id"], "duplicate": False}
    event = (await api("GET", f"{EVENTS}/{got.json['id']}")).json
    assert event.pop("received_at") == event_time(api)
    assert event.pop("state") == "recorded"
    assert event.pop("sender_id") == "mine"
    assert event["card"]["actions"][0].pop("expires_at") == "2027-01-15T08:01:00.000Z"
    assert event.pop("card") == CARD | {"content": {"type": "rows", "value": [["a", 1]]}}
    assert event.pop("time") == "2026-01-02T03:04:05.000Z"
    plain = {name: value for name, value in FULL.items() if name not in ("id", "card", "time")}
    assert event == plain | {"id": got.json["id"]}


def event_time(api: Edge) -> str:
    """The clock's time as the API writes it."""
    assert api.clock.now == 1_800_000_000_000
    return "2027-01-15T08:00:00.000Z"


async def test_data_is_kept_verbatim(api: Edge) -> None:
    """`data` comes out byte for byte: number forms, blanks and the order of members are the sender's own."""
    raw = b'{ "b" : 1.50, "a":[ 1e2 , "\\u00e9"],\n"big":12345678901234567890}'
    got = await api("POST", EVENTS, b'{"type":"t","data":' + raw + b"}")
    assert got.status == 202
    assert raw in (await api("GET", f"{EVENTS}/{got.json['id']}")).body


async def test_unknown_fields_are_named_and_kept_out(api: Edge) -> None:
    """A field that nobody knows costs nothing but a warning, wherever it stands; inside `data` there are none."""
    card = {"title": "x", "colour": 1, "content": {"type": "text", "value": "y", "z": 1}, "actions": []}
    body = {"type": "t", "typ": 1, "context": {"id": "c", "x": 1}, "card": card, "data": {"typ": 1}}
    got = await api("POST", EVENTS, body)
    assert got.status == 202
    named = [warning.split("'")[1] for warning in got.json["warnings"]]
    assert named == ["card.colour", "card.content.z", "context.x", "typ"]
    kept = (await api("GET", f"{EVENTS}/{got.json['id']}")).json
    assert kept["card"] == {"title": "x", "content": {"type": "text", "value": "y"}}
    assert kept["context"] == {"id": "c"}
    assert "typ" not in kept


async def test_many_unknown_fields_are_told_briefly(api: Edge) -> None:
    """A body full of unknown fields does not come back as an answer full of warnings."""
    got = await api("POST", EVENTS, {"type": "t"} | {f"x{at}" * 50: at for at in range(500)})
    assert got.status == 202
    assert len(got.json["warnings"]) == 21
    assert len(got.body) < 5_000


ACTION = {"key": "k", "label": "l", "url": "https://x.example/"}
WRONG: list[tuple[dict[str, Any], str]] = [
    *[({field: 7}, field) for field in ("type", "subject", "source", "time", "id", "idempotency_key", "send_at")],
    *[({field: 7}, field) for field in ("tenant", "context", "card")],
    ({"type": None}, "type"),
    ({"type": ""}, "type"),
    ({"type": " \t"}, "type"),
    ({"type": "a\u0007b"}, "type"),
    ({"type": "ensue.delivery.dead"}, "type"),
    ({"subject": "a\nb"}, "subject"),
    ({"delay": "5"}, "delay"),
    ({"delay": -0.001}, "delay"),
    ({"delay": 365 * 86_400 + 1}, "delay"),
    ({"delay": 1, "send_at": "2027-02-01T00:00:00Z"}, "delay"),
    ({"send_at": "2028-02-01T00:00:00Z"}, "send_at"),
    ({"send_at": "tomorrow"}, "send_at"),
    ({"time": "2026-02-30T00:00:00Z"}, "time"),
    ({"time": "2026-01-01 00:00:00"}, "time"),
    ({"idempotency_key": ""}, "idempotency_key"),
    ({"idempotency_key": "  "}, "idempotency_key"),
    ({"context": {}}, "context.id"),
    ({"context": {"id": 1}}, "context.id"),
    ({"context": {"id": " "}}, "context.id"),
    ({"context": {"id": "c", "start": 1}}, "context.start"),
    ({"card": {"title": 1}}, "card.title"),
    ({"card": {"avatar": 1}}, "card.avatar"),
    ({"card": {"category": []}}, "card.category"),
    ({"card": {"content": "x"}}, "card.content"),
    ({"card": {"content": {"type": "text"}}}, "card.content.value"),
    ({"card": {"content": {"type": "html", "value": "x"}}}, "card.content.type"),
    ({"card": {"content": {"type": "text", "value": 1}}}, "card.content.value"),
    ({"card": {"content": {"type": "rows", "value": {}}}}, "card.content.value"),
    ({"card": {"content": {"type": "image", "value": "javascript:1"}}}, "card.content.value"),
    ({"card": {"actions": {}}}, "card.actions"),
    ({"card": {"actions": [1]}}, "card.actions[0]"),
    ({"card": {"actions": [{"label": "l", "url": "https://x.example"}]}}, "card.actions[0].key"),
    ({"card": {"actions": [ACTION | {"key": ""}]}}, "card.actions[0].key"),
    ({"card": {"actions": [ACTION | {"label": 3}]}}, "card.actions[0].label"),
    ({"card": {"actions": [ACTION | {"url": "http://127.0.0.2:1@x"}]}}, "card.actions[0].url"),
    ({"card": {"actions": [ACTION | {"external": True, "url": "javascript:alert(1)"}]}}, "card.actions[0].url"),
    ({"card": {"actions": [ACTION | {"expires_in": 0}]}}, "card.actions[0].expires_in"),
    ({"card": {"actions": [ACTION | {"expires_in": "1"}]}}, "card.actions[0].expires_in"),
    ({"card": {"actions": [ACTION | {"repeat": "no"}]}}, "card.actions[0].repeat"),
    ({"card": {"actions": [ACTION | {"style": 1}]}}, "card.actions[0].style"),
    ({"card": {"actions": [ACTION, ACTION]}}, "card.actions[1].key"),
    ({"card": {"muted": "yes"}}, "card.muted"),
    ({"card": {"notify": 1}}, "card.notify"),
    ({"card": {"test": 0}}, "card.test"),
]


@pytest.mark.parametrize(("fields", "field"), WRONG, ids=[f"{field}-{at}" for at, (_, field) in enumerate(WRONG)])
async def test_a_wrong_field_is_named(api: Edge, fields: dict[str, Any], field: str) -> None:
    """Each field of a wrong type or value is a 400 that names it, and nothing is stored."""
    got = await api("POST", EVENTS, {"type": "t"} | fields)
    assert got.error == (400, "invalid", field)
    assert await api.items(EVENTS) == []


LIMITS: list[tuple[str, int]] = [
    ("type", 255),
    ("subject", 255),
    ("source", 255),
    ("id", 255),
    ("tenant", 255),
    ("idempotency_key", 255),
    ("context.id", 255),
    ("card.title", 255),
    ("card.category", 64),
]


@pytest.mark.parametrize(("field", "limit"), LIMITS)
async def test_text_at_its_limit_and_one_beyond(api: Edge, field: str, limit: int) -> None:
    """Text of exactly the limit is accepted, also with blanks around it; one character more is refused by name."""

    def body(text: str) -> dict[str, Any]:
        outer, _, inner = field.partition(".")
        return {"type": "t", outer: {inner: text} if inner else text}

    assert (await api("POST", EVENTS, body(f" {'é' * limit} "))).status == 202
    assert (await api("POST", EVENTS, body("é" * (limit + 1)))).error == (400, "invalid", field)


async def test_buttons_at_their_limit_and_one_beyond(api: Edge) -> None:
    """Twenty buttons are accepted, twenty-one are not."""
    actions = [ACTION | {"key": f"k{at}"} for at in range(21)]
    assert (await api("POST", EVENTS, {"type": "t", "card": {"actions": actions[:20]}})).status == 202
    got = await api("POST", EVENTS, {"type": "t", "card": {"actions": actions}})
    assert got.error == (400, "invalid", "card.actions")


async def test_a_year_ahead_is_the_limit(api: Edge) -> None:
    """A delay of exactly a year is accepted."""
    assert (await api("POST", EVENTS, {"type": "t", "delay": 365 * 86_400})).status == 202


async def test_an_event_at_its_limit_and_one_byte_beyond(api: Edge) -> None:
    """An event of 256 KiB is accepted, a byte more is a 413."""
    head, tail = b'{"type":"t","data":"', b'"}'
    fits = head + b"x" * (256 * 1024 - len(head) - len(tail)) + tail
    assert (await api("POST", EVENTS, fits)).status == 202
    assert (await api("POST", EVENTS, fits + b" ")).error == (413, "too_large", None)
    assert (await api("POST", EVENTS, b" " * (8 * 1024 * 1024 + 1))).error[:2] == (413, "too_large")


BAD_JSON = [
    b"",
    b"nonsense",
    b"[]",
    b'"text"',
    b'{"type":"t"',
    b'{"type":"t"} more',
    b'{"type":"\xff"}',
    b'{"type":"t","data":"\xff"}',
    b'{"type":"t","data":"\\ud800"}',
    b'{"type":"t\\u0000"}',
    b'{"type":"t","data":{"x":"\\u0000"}}',
    b'{"type":"t","data":NaN}',
    b'{"type":"t","data":1e400}',
    b'{"type":"t","data":' + b"[" * 65 + b"]" * 65 + b"}",
    b'{"type":"t","data":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"type":"t","x":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
]


@pytest.mark.parametrize("body", BAD_JSON, ids=[body[:24].decode("latin-1") for body in BAD_JSON])
async def test_what_is_not_strict_json_is_refused(api: Edge, body: bytes) -> None:
    """Broken, unfinished, too deep, not finite, NUL, surrogates: a 400 each, inside `data` too."""
    got = await api("POST", EVENTS, body)
    assert got.error[:2] == (400, "invalid")
    assert await api.items(EVENTS) == []


async def test_a_key_makes_two_events_one(api: Edge) -> None:
    """The same key and body is the first event; order and blanks do not matter; another body is a 422 that says so."""
    first = await api("POST", EVENTS, b'{"type":"t","data":{"a":1,"b":2},"idempotency_key":"k"}')
    again = await api("POST", EVENTS, b'{"idempotency_key":" k ", "data":{"b":2,"a":1}, "type":"t"}')
    assert (again.status, again.json) == (200, {"id": first.json["id"], "duplicate": True})
    other = await api("POST", EVENTS, b'{"type":"t","data":{"a":2,"b":2},"idempotency_key":"k"}')
    assert other.error == (422, "mismatch", "idempotency_key")
    assert len(await api.items(EVENTS)) == 1
    api.clock.turn(24 * 3_600_000 + 1)
    assert (await api("POST", EVENTS, {"type": "t", "idempotency_key": "k"})).status == 202


async def test_the_header_gives_a_key_too(api: Edge) -> None:
    """`Idempotency-Key` is the same as the field; both are fine if they agree, and a 400 if not."""
    first = await api("POST", EVENTS, {"type": "t"}, idempotency_key="k")
    again = await api("POST", EVENTS, {"type": "t", "idempotency_key": "k"}, idempotency_key="k")
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    different = await api("POST", EVENTS, {"type": "t", "idempotency_key": "j"}, idempotency_key="k")
    assert different.error == (400, "invalid", "idempotency_key")
    assert (await api("POST", EVENTS, {"type": "t"}, idempotency_key="x" * 256)).error[0] == 400
    (event,) = await api.items(f"{EVENTS}?idempotency_key=k")
    assert event["id"] == first.json["id"]


async def test_a_senders_own_id_makes_two_events_one(api: Edge) -> None:
    """`source` and `id` together stand for one event, whatever its body; another source is another event."""
    first = await api("POST", EVENTS, {"type": "t", "id": "1", "source": "/a"})
    again = await api("POST", EVENTS, {"type": "u", "id": "1", "source": "/a", "data": 1})
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert (await api("POST", EVENTS, {"type": "t", "id": "1", "source": "/b"})).status == 202


async def test_a_repeat_with_warnings_is_told_with_both(api: Edge) -> None:
    """A repeat answers 200 and still names what was kept out."""
    body = {"type": "t", "idempotency_key": "k", "odd": 1}
    await api("POST", EVENTS, body)
    again = await api("POST", EVENTS, body)
    assert (again.status, again.json["duplicate"], len(again.json["warnings"])) == (200, True, 1)


async def test_keys_are_of_their_project(api: Edge) -> None:
    """The same key in another project is another event."""
    other = await api.with_key("other")
    first = await api("POST", EVENTS, {"type": "t", "idempotency_key": "k"})
    second = await other("POST", EVENTS, {"type": "u", "idempotency_key": "k"})
    assert (first.status, second.status) == (202, 202)


async def test_plain_text_is_a_title(api: Edge) -> None:
    """Text becomes the title of a card of type `message`, in its own charset; a repeat is known by its key."""
    got = await api("POST", EVENTS, " Grüße ".encode("latin-1"), content_type="text/plain; charset=ISO-8859-1")
    event = (await api("GET", f"{EVENTS}/{got.json['id']}")).json
    assert (event["type"], event["card"]) == ("message", {"title": "Grüße"})
    first = await api("POST", EVENTS, b"hello", content_type="text/plain", idempotency_key="k")
    again = await api("POST", EVENTS, b"hello", content_type="text/plain", idempotency_key="k")
    other = await api("POST", EVENTS, b"hi", content_type="text/plain", idempotency_key="k")
    assert (first.status, again.status, other.status) == (202, 200, 422)


@pytest.mark.parametrize("body", [b"", b" \n", b"\xff", b"a\x00b", b"x" * 256])
async def test_text_that_cannot_be_a_title_is_refused(api: Edge, body: bytes) -> None:
    """Nothing, no UTF-8, NUL, and more than 255 characters are 400s."""
    assert (await api("POST", EVENTS, body, content_type="text/plain")).error[:2] == (400, "invalid")


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=UTF-8", "APPLICATION/JSON", " "])
async def test_json_is_known_by_its_names(api: Edge, media: str) -> None:
    """`charset=utf-8` and capitals are fine, and so is no media type at all."""
    assert (await api("POST", EVENTS, {"type": "t"}, content_type=media)).status == 202


@pytest.mark.parametrize(
    "media",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "application/json; charset=utf-16",
        "application/cloudevents+avro",
        "application/xml",
        "nonsense",
        "text/plain; charset=klingon",
    ],
)
async def test_what_is_not_spoken_is_a_415(api: Edge, media: str) -> None:
    """Another media type, format or charset is refused with its name and the way out."""
    got = await api("POST", EVENTS, {"type": "t"}, content_type=media)
    assert got.error == (415, "unsupported", "content-type")


async def test_an_encoded_body_is_a_415(api: Edge) -> None:
    """A compressed body is refused, not misread."""
    assert (await api("POST", EVENTS, b"\x1f\x8b", content_encoding="gzip")).error[0] == 415


async def test_a_query_is_refused(api: Edge) -> None:
    """Whoever sends fields in the URL is told, instead of being half heard."""
    assert (await api("POST", f"{EVENTS}?type=x", {"type": "t"})).error == (400, "invalid", "type")


async def public(api: Edge) -> Edge:
    """Calls with a public key."""
    new = await api.house.engine.keys.create("default", ("events:write",))
    document = await api.house.store.get("key", new.key.project, new.key.id)
    assert document is not None
    changed = msgspec.structs.replace(key_of(document), public=True)
    await api.house.store.put([Put(document=key_document(changed), expected=document.revision)])
    api.house.engine.keys.forget()
    return api.with_token(new.token)


async def test_a_public_key_may_only_send_what_reaches_nobody(api: Edge) -> None:
    """A key that stands in web pages sends events up to 16 KiB, but no buttons, no notifications, and reads nothing."""
    browser = await public(api)
    assert (await browser("POST", EVENTS, {"type": "t", "card": {"title": "x"}})).status == 202
    for card, field in (({"actions": [ACTION]}, "card.actions"), ({"notify": True}, "card.notify")):
        assert (await browser("POST", EVENTS, {"type": "t", "card": card})).error == (403, "forbidden", field)
        batch = await browser("POST", f"{EVENTS}/batch", {"events": [{"type": "t", "card": card}]})
        assert batch.json["items"][0]["error"]["code"] == "forbidden"
    assert (await browser("POST", EVENTS, {"type": "t", "data": "x" * 16_384})).error[0] == 413
    assert (await browser("GET", EVENTS)).error[0] == 403
