"""Bad bodies × routes on a real server: a clear error in the one error body, nothing stored, nothing else disturbed."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from ensue.testing import Sink
from tests.acceptance.server import Server

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

NO_JSON: Final[Mapping[str, bytes]] = {
    "a word": b"hello",
    "cut short": b'{"type": "a.b"',
    "two values": b'{"type": "a.b"} {"type": "a.b"}',
    "a comma too many": b'{"type": "a.b",}',
    "single quotes": b"{'type': 'a.b'}",
    "a comment": b'{"type": "a.b"} // fine',
    "a list": b"[]",
    "a text": b'"a.b"',
    "null": b"null",
    "a number": b"17",
    "UTF-16": '{"type": "a.b"}'.encode("utf-16"),
    "latin-1": '{"type": "é"}'.encode("latin-1"),
    "form": b"type=a.b&data=1",
    "form feed": b'\x0c{"type": "a.b"}',
}
"""Bodies that no route takes that wants an object."""

NO_VALUE: Final[Mapping[str, bytes]] = {
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "beyond any float": b"1e400",
    "a leading zero": b"01",
    "invalid UTF-8": b'"\xff\xfe"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a lone surrogate": b'"\\ud800"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "NUL": b'"a\\u0000b"',
    "a raw NUL": b'"a\x00b"',
    "a raw line break": b'"a\nb"',
    "a bad escape": b'"\\x41"',
    "depth 65": b"[" * 65 + b"]" * 65,
    "depth 20,000": b"[" * 20_000 + b"]" * 20_000,
    "objects 20,000 deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
}
"""What no value inside a body may be, wherever it stands."""

WAYS_IN: Final[Mapping[str, tuple[str, str, bytes]]] = {
    "data": ("/api/v1/events", "application/json", b'{"type": "a.b", "data": {"a": %b}}'),
    "meta": (
        "/api/v1/events",
        "application/json",
        b'{"type": "a.b", "card": {"actions": [{"key": "k", "label": "l", "url": "https://a.example", "meta": %b}]}}',
    ),
    "content": (
        "/api/v1/events",
        "application/json",
        b'{"type": "a.b", "card": {"content": {"type": "json", "value": %b}}}',
    ),
    "unknown": ("/api/v1/events", "application/json", b'{"type": "a.b", "unknown": %b}'),
    "structured": (
        "/api/v1/events",
        STRUCTURED,
        b'{"specversion":"1.0","id":"1","source":"/s","type":"a.b","data":%b}',
    ),
    "batch": ("/api/v1/events/batch", "application/json", b'{"events": [{"type": "a.b", "data": %b}]}'),
    "cloudevents batch": (
        "/api/v1/events",
        BATCH,
        b'[{"specversion":"1.0","id":"1","source":"/s","type":"a.b","data":%b}]',
    ),
    "trigger": (
        "/api/v1/triggers",
        "application/json",
        b'{"name": "n", "endpoint": {"url": "https://a.example"}, "x": %b}',
    ),
}
"""Where such a value is put: path, content type, and the body around it."""


async def counts(server: Server) -> tuple[int, int, int]:
    """How many events, scheduled events and triggers there are."""
    paths = ("/api/v1/events?limit=200", "/api/v1/events?state=scheduled&limit=200", "/api/v1/triggers?limit=200")
    found = [len(await server.items(path)) for path in paths]
    return found[0], found[1], found[2]


def wrong(status: int, body: Any) -> bool:
    """Whether an answer is not a refusal in the one form, or says too little."""
    if status == 207:
        return bool(body["accepted"] or body["duplicates"] or not body["failed"])
    error = body.get("error", {})
    return not (400 <= status < 500 and error.get("code") and len(error.get("message", "")) > 10)


async def test_values_that_json_cannot_have_are_refused_everywhere(server: Server) -> None:
    """Each such value, at each place where a body may hold anything, `data` included."""
    accepted = []
    for place, (path, media, template) in WAYS_IN.items():
        for name, value in NO_VALUE.items():
            answered = await server.call("POST", path, template.replace(b"%b", value), content_type=media)
            if wrong(answered.status, answered.json):
                accepted.append((place, name, answered.status, answered.body[:200]))
    assert accepted == []
    assert await counts(server) == (0, 0, 0)
    assert "Traceback" not in server.log()


async def test_bodies_that_are_no_object_are_refused_by_every_route(server: Server, sink: Sink) -> None:
    """Every route that reads a body answers 400 to what is not the JSON that it wants."""
    trigger = (await server.trigger(sink.url))["id"]
    routes = [
        ("POST", "/api/v1/events"),
        ("POST", "/api/v1/events/batch"),
        ("POST", "/api/v1/triggers"),
        ("PATCH", f"/api/v1/triggers/{trigger}"),
        ("POST", f"/api/v1/triggers/{trigger}/rotate-secret"),
        ("POST", f"/api/v1/triggers/{trigger}/test"),
        ("POST", "/api/v1/keys"),
    ]
    keys = len(await server.items("/api/v1/keys?limit=50"))
    accepted = []
    for method, path in routes:
        for name, body in NO_JSON.items():
            answered = await server.call(method, path, body)
            if (answered.status, answered.code) != (400, "invalid"):
                accepted.append((method, path, name, answered.status, answered.body[:200]))
    assert accepted == []
    assert await counts(server) == (0, 0, 1)
    assert len(await server.items("/api/v1/keys?limit=50")) == keys
    assert len(sink.received) == 0
    assert "Traceback" not in server.log()


LONG: Final = "x" * 256
URL: Final = "https://a.example"
FIELDS: Final[Mapping[str, list[Any]]] = {
    "type": ["", " ", LONG, 7, None, ["a"], "a\tb", "ensue.own", "ensue.delivery.dead"],
    "subject": [LONG, 7, {}, "a\nb"],
    "source": [LONG, 7, {}, "a\nb"],
    "tenant": [LONG, 7, {}, "a\nb"],
    "id": [7, "a\nb"],
    "idempotency_key": ["", "  ", LONG, 7, []],
    "delay": [-1, "5", 31_536_001, True, []],
    "send_at": ["soon", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "9999-01-01T00:00:00Z", 7],
    "time": ["yesterday", "2025-02-29T00:00:00Z", "2026-01-01", {}],
    "context": ["c", {}, {"id": ""}, {"id": LONG}, {"id": 1}, []],
    "card": [
        *("c", [], {"title": LONG}, {"title": 1}, {"category": "x" * 65}, {"muted": "yes"}),
        *({"content": "c"}, {"content": {"type": "html", "value": ""}}, {"content": {"type": "text", "value": 1}}),
        *({"actions": "a"}, {"actions": {}}, {"actions": [{}]}, {"actions": [{"key": "k"}]}),
        {"actions": [{"key": "k", "label": "l", "url": "ftp://a"}]},
        {"actions": [{"key": "k", "label": "l", "url": "http://127.0.0.1/a\nb"}]},
        {"actions": [{"key": "k", "label": "l" * 49, "url": URL}]},
        {"actions": [{"key": "k", "label": "l", "url": URL}] * 2},
        {"actions": [{"key": f"k{number}", "label": "l", "url": URL} for number in range(21)]},
    ],
}
"""Values that a field of an event cannot have."""


async def test_each_field_of_an_event_is_checked(server: Server) -> None:
    """A value that a field cannot have is a 400 that names the field, alone and in a batch, where the rest goes in."""
    accepted = []
    bad: list[tuple[str, Any]] = [(name, value) for name, values in FIELDS.items() for value in values]
    for name, value in bad:
        answered = await server.call("POST", "/api/v1/events", {"type": "a.b"} | {name: value})
        if answered.status != 400 or not str(answered.json["error"].get("field", "")).startswith(name):
            accepted.append((name, value, answered.status, answered.body[:200]))
    assert accepted == []
    assert await counts(server) == (0, 0, 0)
    batch = {"events": [{"type": "a.b"} | {name: value} for name, value in bad] + [{"type": "fine"}]}
    answered = await server.call("POST", "/api/v1/events/batch", batch)
    assert (answered.status, answered.json["accepted"], answered.json["failed"]) == (207, 1, len(bad))
    assert await counts(server) == (1, 0, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Bearer ens_wrong"}, 401),
        ({"authorization": "Basic YTpi"}, 401),
        ({"authorization": "Bearer " + "x" * 10_000}, 401),
        ({"authorization": "Bearer \xff\xfe"}, 401),
        ({"content_type": "application/xml"}, 415),
        ({"content_type": "application/cloudevents+avro"}, 415),
        ({"content_type": "application/json; charset=utf-16"}, 415),
        ({"content_type": "\xff"}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"idempotency_key": "x" * 256}, 400),
        ({"idempotency_key": "\xff"}, 400),
    ],
)
async def test_bad_headers_are_refused(server: Server, headers: dict[str, str], status: int) -> None:
    """Credentials, media types, encodings and keys in headers are checked before anything is stored."""
    answered = await server.call("POST", "/api/v1/events", {"type": "a.b"}, **headers)
    assert answered.status == status, answered
    assert answered.code in ("unauthorized", "unsupported", "invalid")
    assert await counts(server) == (0, 0, 0)
