"""`POST /events/batch`: each event its own result, in order; one commit; limits; what is no batch."""

from typing import Any

import pytest

from ensue.domain.errors import EnsueError
from tests.dialects.edge import EVENTS, Edge

BATCH = f"{EVENTS}/batch"


async def test_each_event_has_its_result_in_order(api: Edge) -> None:
    """Accepted, repeated, mismatched and wrong events are told apart at their places."""
    events: list[Any] = [
        {"type": "a", "idempotency_key": "k"},
        {"type": 1},
        {"type": "b", "odd": 1},
        {"type": "a", "idempotency_key": "k"},
        {"type": "c", "idempotency_key": "k"},
        "text",
        {"type": "ensue.x"},
        {"type": "d", "data": "x" * 256 * 1024},
    ]
    got = await api("POST", BATCH, {"events": events})
    assert got.status == 207
    answer = got.json
    assert (answer["accepted"], answer["duplicates"], answer["failed"]) == (2, 1, 5)
    first, wrong, warned, again, mismatched, text, reserved, large = answer["items"]
    assert first == {"id": first["id"], "duplicate": False}
    assert (wrong["error"]["code"], wrong["error"]["field"]) == ("invalid", "type")
    assert warned == {
        "id": warned["id"],
        "duplicate": False,
        "warnings": ["The field 'odd' is not known and was kept out."],
    }
    assert again == {"id": first["id"], "duplicate": True}
    assert [item["error"]["code"] for item in (mismatched, text, reserved, large)] == [
        "mismatch",
        "invalid",
        "invalid",
        "too_large",
    ]
    assert {event["type"] for event in await api.items(EVENTS)} == {"a", "b"}


async def test_what_no_event_may_hold_is_its_own_affair(api: Edge) -> None:
    """Bad UTF-8, NUL, infinity, depth, and what is no JSON number or text, in one event cost its neighbours nothing."""
    bad = [b'"\xff"', b'"\\u0000"', b"1e400", b"[" * 65 + b"]" * 65]
    await _judged_alone(api, bad)
    await _judged_alone(api, [b'"\\ud800"', b"NaN", b"-Infinity", b"[" * 900 + b"]" * 900])


async def test_depth_alone_is_looked_at_in_each_event(api: Edge) -> None:
    """Where nothing else is wrong in the whole body, one that is nested too deep is still found, and only that."""
    await _judged_alone(api, [b"[" * depth + b"]" * depth for depth in (64, 65, 66, 900)])
    items = [
        b'{"type":"wide","data":[' + b"[]," * 99 + b"[]]}",
        b'{"type":"deep","data":' + b"[" * 63 + b"]" * 63 + b"}",
    ]
    got = await api("POST", BATCH, b'{"events":[' + b",".join(items) + b"]}")
    assert (got.json["accepted"], got.json["failed"]) == (2, 0)


async def _judged_alone(api: Edge, bad: list[bytes]) -> None:
    items = [b'{"type":"good"}', *(b'{"type":"bad","data":' + data + b"}" for data in bad), b'{"type":"good"}']
    got = await api("POST", BATCH, b'{"events":[' + b",".join(items) + b"]}")
    assert (got.json["accepted"], got.json["failed"]) == (2, 4)
    assert ["error" in item for item in got.json["items"]] == [False, True, True, True, True, False]


async def test_an_empty_batch_is_one(api: Edge) -> None:
    """Nothing to do is done."""
    got = await api("POST", BATCH, {"events": []})
    assert (got.status, got.json) == (207, {"accepted": 0, "duplicates": 0, "failed": 0, "items": []})


async def test_a_thousand_is_the_limit(api: Edge) -> None:
    """A batch of 1,000 events is accepted, one of 1,001 refused as a whole."""
    got = await api("POST", BATCH, {"events": [{"type": "t"}] * 1_000})
    assert got.json["accepted"] == 1_000
    more = await api("POST", BATCH, {"events": [{"type": "t"}] * 1_001})
    assert more.error == (413, "too_large", "events")


async def test_eight_mebibytes_are_the_limit(api: Edge) -> None:
    """A body of 8 MiB is read, a byte more is a 413."""
    body = b'{"events":[{"type":"t"}]}'
    full = body + b" " * (8 * 1024 * 1024 - len(body))
    assert (await api("POST", BATCH, full)).status == 207
    assert (await api("POST", BATCH, full + b" ")).error[:2] == (413, "too_large")


NO_BATCH: list[bytes] = [
    b"",
    b"[]",
    b'{"events":{}}',
    b'{"events":null}',
    b'{"event":[]}',
    b"{}",
    b'{"events":[tru]}',
    b'{"events":[1,]}',
    b'{"events":[' + b"[" * 20_000 + b"]" * 20_000 + b"]}",
]


@pytest.mark.parametrize("body", NO_BATCH, ids=range(len(NO_BATCH)))
async def test_what_is_no_batch_is_refused(api: Edge, body: bytes) -> None:
    """A wrong envelope is one 400 for all."""
    assert (await api("POST", BATCH, body)).error[:2] == (400, "invalid")


async def test_unknown_fields_beside_the_events_are_named(api: Edge) -> None:
    """What stands beside `events` is kept out, and said."""
    got = await api("POST", BATCH, {"events": [{"type": "t"}], "project": "x"})
    assert got.json["accepted"] == 1
    assert got.json["warnings"] == ["The field 'project' is not known and was kept out."]


async def test_other_media_are_refused(api: Edge) -> None:
    """Text, and CloudEvents one by one, are no batch; a header key cannot be the key of many."""
    assert (await api("POST", BATCH, b"x", content_type="text/plain")).error[:2] == (415, "unsupported")
    assert (await api("POST", BATCH, b"{}", content_type="application/cloudevents+json")).error[0] == 415
    got = await api("POST", BATCH, {"events": [{"type": "t"}]}, idempotency_key="k")
    assert got.error == (400, "invalid", "Idempotency-Key")


async def test_an_event_that_cannot_be_planned_fails_alone(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault while one event is planned is its own; the answer still tells what became of the others."""
    rules = api.house.engine.rules
    await api.trigger(match={"type": "t", "filter": "event.data.n == 2"}, enabled=False)

    def judge(_trigger: Any, event: Any) -> bool:
        if event.subject == "bad":
            raise EnsueError("conflict", "Not this one.")
        return False

    monkeypatch.setattr(rules, "judge", judge)
    got = await api("POST", BATCH, {"events": [{"type": "t"}, {"type": "t", "subject": "bad"}, {"type": "t"}]})
    assert (got.json["accepted"], got.json["failed"]) == (2, 1)
    assert got.json["items"][1]["error"]["message"] == "Not this one."


async def test_a_full_disk_refuses_the_whole(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing could be stored the answer is a 503 with `Retry-After`, not a list of failures."""

    async def full(_plan: Any) -> Any:
        raise EnsueError("unavailable", "The disk is full.", retry_after=5)

    monkeypatch.setattr(api.house.store, "append", full)
    got = await api("POST", BATCH, {"events": [{"type": "t"}, {"type": "u"}]})
    assert got.error[:2] == (503, "unavailable")
    assert got.headers["retry-after"] == "5"
