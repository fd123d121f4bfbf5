"""What a webhook of Space Cloud may answer with, and what follows of it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ensue.domain.conversation import CAUSE, MAX_HOPS, chained, dead_letter, heard, passes, response_of
from ensue.domain.delivery import Delivery
from ensue.domain.event import Card, Context, Event, decode_event, encode_event
from ensue.domain.intake import Intake, Limits
from ensue.domain.trigger import Endpoint, Match, Trigger

NOW = 1_700_000_000_000
CAUSED = Event(id="0190", project="prj_1", type="a", time=NOW, received_at=NOW, data=Raw(b'{"a": 1}'))
DEBT = Delivery(id="dlv_1", project="prj_1", event_id="0190", lane="trg_1", created_at=NOW, due_at=NOW)
TRIGGER = Trigger(
    id="trg_1",
    project="prj_1",
    name="my_trigger",
    match=Match(),
    endpoint=Endpoint(url="http://a.example/"),
    created_at=NOW,
    updated_at=NOW,
)


def following(answer: Any, cause: Event = CAUSED) -> tuple[list[Intake], str | None]:
    """What follows of an answer, and what is said."""
    found = chained(Raw(msgspec.json.encode(answer)), cause, Limits(), NOW)
    return list(found.intakes), found.left_out


def test_event_then_events() -> None:
    """Each is an event of its own, one hop further, linked to its cause."""
    intakes, said = following({"event": {"type": "b", "payload": 1}, "events": [{"type": "c"}, {"type": "d"}]})
    assert ([one.event.type for one in intakes], said) == (["b", "c", "d"], None)
    first = intakes[0].event
    assert (bytes(first.data), first.hops, first.attributes, first.project) == (b"1", 1, {CAUSE: "0190"}, "prj_1")


def test_requests_are_in_the_words_of_the_newer_path() -> None:
    """Milliseconds, RFC 3339 or numbers, `data` too, `options`."""
    request = {"type": "b", "data": 2, "delay": 1_500, "timestamp": NOW // 1000, "options": {"db": "x"}}
    intakes, _ = following({"event": request})
    assert intakes[0].due_at == intakes[0].event.time == NOW + 1_500
    assert intakes[0].event.attributes == {CAUSE: "0190", "db": "x"}


def test_context_and_test_mark_are_inherited() -> None:
    """The thread goes on, and what follows of a test reaches nobody else."""
    cause = msgspec.structs.replace(CAUSED, context=Context("thread", start=True), card=Card(title="t", test=True))
    intakes, _ = following({"event": {"type": "b"}}, cause)
    assert intakes[0].event.context == Context("thread")
    assert intakes[0].event.card == Card(test=True)


@pytest.mark.parametrize(
    "answer",
    [{}, {"event": None}, {"events": None}, {"events": []}, {"events": [None, None]}, {"response": 1}],
)
def test_nothing_follows_of_nothing(answer: Any) -> None:
    """Nulls are nothing, and nothing is said of them."""
    assert following(answer) == ([], None)


@pytest.mark.parametrize(
    ("answer", "left", "of"),
    [
        ({"event": 5}, 1, 1),
        ({"event": "x", "events": {}}, 2, 2),
        ({"events": "x"}, 1, 1),
        ({"events": [None, {"type": "b"}, 5, [], {"type": 6}, {}, {"type": " "}]}, 5, 6),
        ({"events": [{"type": "ensue.x"}, {"type": "x" * 256}, {"type": "b", "delay": 10**15}, {"type": "b"}]}, 3, 4),
    ],
)
def test_what_is_refused_is_left_out_and_said(answer: Any, left: int, of: int) -> None:
    """One by one: the others are not held up by it."""
    intakes, said = following(answer)
    assert len(intakes) == of - left
    assert str(said).startswith(f"{left} of the {of} events that it answered with were left out: ")


def test_an_answer_may_have_a_hundred_events() -> None:
    """What is beyond is left out."""
    assert len(following({"events": [{"type": "b"}] * 100})[0]) == 100
    intakes, said = following({"event": {"type": "b"}, "events": [{"type": "b"}] * 101})
    assert len(intakes) == 100
    assert said == "2 of the 102 events that it answered with were left out: an answer may have 100"


def test_a_chained_event_has_the_size_that_events_have() -> None:
    """Where an instance allows less than what is read of an answer."""
    answer = Raw(b'{"events": [{"type": "b", "data": "%s"}, {"type": "c"}]}' % (b"x" * 100))
    found = chained(answer, CAUSED, Limits(event_bytes=100), NOW)
    assert [one.event.type for one in found.intakes] == ["c"]
    assert found.left_out == "1 of the 2 events that it answered with were left out: an event may have 100 bytes"


def test_a_chain_ends_after_sixteen_hops() -> None:
    """However often it is answered with another event."""
    event, hops = CAUSED, 0
    while True:
        intakes, said = following({"event": {"type": "a"}}, event)
        if not intakes:
            break
        event, hops = intakes[0].event, hops + 1
        assert event.hops == hops
    assert (hops, MAX_HOPS) == (16, 16)
    assert "16 events have followed" in str(said)


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        (b"{}", None),
        (b'{"response": null}', None),
        (b'{"response": false}', b"false"),
        (b'{"RESPONSE": {"a":1}}', b'{"a":1}'),
    ],
)
def test_a_response_is_any_json_but_null(answer: bytes, response: bytes | None) -> None:
    """False, 0 and empty ones are responses."""
    found = response_of(Raw(answer))
    assert (None if found is None else bytes(found)) == response


def test_the_claims_of_passes() -> None:
    """Who calls, until when, in seconds."""
    assert passes("node", NOW) == {
        "Authorization": {"id": "internal-sc-user", "nodeId": "node", "role": "SpaceCloud", "exp": NOW // 1000 + 1800},
        "X-Sc-Token": {"id": "node", "role": "SpaceCloud", "exp": NOW // 1000 + 1800},
    }


@pytest.mark.parametrize("data", [b'{"a": 1}', b"", b"null"])
def test_a_dead_letter(data: bytes) -> None:
    """Type and payload are those that its receivers know."""
    event = dead_letter(DEBT, msgspec.structs.replace(CAUSED, data=Raw(data)), TRIGGER, "urn:x", NOW + 5)
    assert event is not None
    assert (event.type, event.hops, event.source, event.attributes) == ("dlq_my_trigger", 1, "urn:x", {CAUSE: "0190"})
    assert msgspec.json.decode(event.data) == {
        "event_id": "0190",
        "event_type": "a",
        "event_payload": msgspec.json.decode(data or b"null"),
        "event_timestamp": "2023-11-14T22:13:20.000Z",
        "event_name": "my_trigger",
    }


def test_dead_letters_of_dead_letters_end() -> None:
    """Sixteen times, as chains do."""
    event: Event | None = CAUSED
    letters = -1
    while event is not None:
        letters += 1
        event = dead_letter(DEBT, event, TRIGGER, "urn:x", NOW)
    assert letters == 16


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["type", "payload", "data", "timestamp", "delay", "options", "isSynchronous", "TYPE"])
REQUESTS = st.dictionaries(NAMES, VALUES | st.just("a"), max_size=5) | VALUES
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "error": VALUES,
        "event": REQUESTS,
        "events": st.lists(REQUESTS, max_size=5) | VALUES,
        "response": VALUES,
    },
)


@given(ANSWERS | VALUES)
def test_no_answer_breaks_anything(answer: Any) -> None:
    """Whatever it holds: it is heard, and what follows of it is events that can be kept, or is left out."""
    said = heard(json.dumps(answer).encode())
    if not said.reply:
        return
    response_of(said.reply)
    for intake in chained(said.reply, CAUSED, Limits(), NOW).intakes:
        assert decode_event(encode_event(intake.event)).hops == 1


@given(st.binary(max_size=60))
def test_no_bytes_break_anything(body: bytes) -> None:
    """Nor what is no JSON at all."""
    assert heard(body).error is None or b"error" in body.lower()
