"""What is asked of an event on its way in (design sections 8 and 10): every limit at its value and one beyond."""

from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ensue.domain.card import CardDraft
from ensue.domain.errors import EnsueError
from ensue.domain.ids import is_event_id
from ensue.domain.intake import (
    ContextDraft,
    Draft,
    Extras,
    Intake,
    Limits,
    accept,
    body_digest,
    key_digest,
    sender_digest,
    with_header_key,
)
from ensue.domain.schedule import DAY

NOW = 1_800_000_000_000


def taken(body: bytes = b"", extras: Extras | None = None, **fields: Any) -> Intake:
    """What becomes of a draft; `type` is given where it does not matter."""
    draft = Draft(**({"type": "order.paid"} | fields))
    return accept(draft, "prj_1", Limits(), NOW, body=body, extras=extras or Extras())


def refused(field: str, **fields: Any) -> str:
    """The message that names `field`."""
    with pytest.raises(EnsueError) as refusal:
        taken(**fields)
    assert (refusal.value.code, refusal.value.field) == ("invalid", field)
    return refusal.value.message


def test_an_event_is_stamped() -> None:
    """Our id, the moment, the project; what was not said is absent."""
    event = taken(data=Raw(b'{"n":1}'), subject=" u ", id="mine", source="/shop").event
    assert is_event_id(event.id)
    assert (event.project, event.type, event.time, event.received_at) == ("prj_1", "order.paid", NOW, NOW)
    assert (event.subject, event.sender_id, event.source, bytes(event.data)) == ("u", "mine", "/shop", b'{"n":1}')
    assert (event.tenant, event.card, event.context, event.hops) == (None, None, None, 0)


@pytest.mark.parametrize("field", ["type", "subject", "source", "tenant", "id"])
def test_texts_have_255_characters(field: str) -> None:
    """At the limit, blanks around it not counted; one beyond; what cannot be printed."""
    text = "ü" * 255
    fields: dict[str, Any] = {field: f"  {text}\t"}
    event = taken(**fields).event
    assert getattr(event, "sender_id" if field == "id" else field) == text
    assert "255" in refused(field, **{field: text + "x"})
    for bad in ("a\nb", "a\x7fb", "a\x00b", "a\x9fb", "a\x1bb"):
        assert refused(field, **{field: bad})


@pytest.mark.parametrize("kind", ["", "   ", "\t\n"])
def test_a_type_is_something(kind: str) -> None:
    """Blanks are no type; elsewhere they are as good as nothing."""
    assert refused("type", type=kind)
    assert taken(subject=kind).event.subject is None


@pytest.mark.parametrize("kind", ["ensue.x", "ensue.", " ensue.delivery.dead "])
def test_our_own_types_are_reserved(kind: str) -> None:
    """Refused on every way in (invariant 8); what only looks like them is not."""
    assert refused("type", type=kind)
    assert [taken(type=one).event.type for one in ("ensue", "ensued.x", "Ensue.x")] == ["ensue", "ensued.x", "Ensue.x"]


def test_an_idempotency_key_has_1_to_255_characters() -> None:
    """Trimmed; empty is an error, since whoever gave it relies on it."""
    assert taken(idempotency_key=" k ").event.idempotency_key == "k"
    assert taken(idempotency_key="k" * 255).once[0].digest == key_digest("k" * 255)
    for key in ("", "  ", "k" * 256, "a\nb"):
        assert refused("idempotency_key", idempotency_key=key)


def test_a_context_is_named() -> None:
    """With its id at the limit and one beyond, and empty."""
    context = taken(context=ContextDraft(" story ", start=True)).event.context
    assert context is not None
    assert (context.id, context.start) == ("story", True)
    for name in ("", " ", "c" * 256):
        assert refused("context.id", context=ContextDraft(name))


def test_times_are_read() -> None:
    """`time` is the sender's; a scheduled event without one has the time it is due."""
    assert taken(time="2026-11-21T09:30:00Z").event.time == 1_795_253_400_000
    assert taken(delay=1.5).event.time == taken(delay=1.5).due_at == NOW + 1_500
    assert refused("time", time="yesterday")
    assert refused("send_at", send_at="yesterday")
    assert refused("delay", delay=-1.0)
    assert refused("delay", delay=1.0, send_at="2030-01-01T00:00:00Z")
    assert taken(delay=365 * DAY / 1000).due_at == NOW + 365 * DAY
    assert refused("delay", delay=365 * DAY / 1000 + 0.001)
    assert refused("send_at", send_at="9999-12-31T23:59:59Z")


def test_a_card_comes_along() -> None:
    """Checked by its own rules, and its category and test mark are the event's."""
    event = taken(card=CardDraft(category="billing", test=True)).event
    assert (event.category, event.is_test, taken().event.is_test) == ("billing", True, False)
    assert refused("card.title", card=CardDraft(title="t" * 256))


def test_what_only_some_ways_in_can_say() -> None:
    """CloudEvents' own fields are kept as they are."""
    event = taken(
        extras=Extras(
            attributes={"region": "eu"}, data_base64="AAE=", content_type="image/png", schema="http://s.example/"
        )
    ).event
    assert (event.attributes, event.data_base64) == ({"region": "eu"}, "AAE=")
    assert (event.content_type, event.schema) == ("image/png", "http://s.example/")


def test_promises_are_of_key_and_sender() -> None:
    """A key with a hash of what was said, source and id without one: any repeat of these is the same event."""
    key, sender = taken(b'{"a":1}', idempotency_key="k", id="1", source="/s").once
    assert (key.digest, key.body) == (key_digest("k"), body_digest(b'{"a":1}'))
    assert (sender.digest, sender.body) == (sender_digest("/s", "1"), b"")
    assert taken(b'{"a":1}').once == ()


@given(st.text(), st.text(), st.text(), st.text())
def test_source_and_id_cannot_be_shifted(source: str, name: str, other_source: str, other_name: str) -> None:
    """Two senders have one promise only where both source and id are the same."""
    same = (source, name) == (other_source, other_name)
    assert (sender_digest(source, name) == sender_digest(other_source, other_name)) == same


def test_a_body_is_the_same_however_it_is_written() -> None:
    """Order and blanks do not count, nor does the key; values do."""
    told = body_digest(b'{"type":"a","data":{"x":1,"y":[1,2]},"idempotency_key":"k"}')
    assert told == body_digest(b' { "data" : {"y":[1, 2],"x":1}, "type":"a" } ')
    for other in (b'{"type":"a","data":{"x":1,"y":[2,1]}}', b'{"type":"a","data":{"x":"1","y":[1,2]}}', b"{}"):
        assert told != body_digest(other)
    assert body_digest(b"") == b""
    big = b'{"n":%s}' % (b"9" * 60)
    assert body_digest(big) == body_digest(b" " + big)


def test_the_key_may_stand_in_the_header() -> None:
    """There or in the body; both and different is a 400."""
    draft = Draft(type="a", idempotency_key="k")
    assert with_header_key(Draft(type="a"), "h").idempotency_key == "h"
    assert with_header_key(draft, None) is draft
    assert with_header_key(draft, " k ").idempotency_key == " k "
    with pytest.raises(EnsueError) as refusal:
        with_header_key(draft, "other")
    assert refusal.value.field == "idempotency_key"


def test_every_field_has_its_type() -> None:
    """The draft is what the decoder checks: a wrong type is named by its field."""
    for field in ("type", "subject", "source", "time", "id", "idempotency_key", "send_at", "tenant"):
        for wrong in cast("tuple[Any, ...]", (1, True, [], {})):
            with pytest.raises(msgspec.ValidationError, match=f"\\$\\.{field}"):
                msgspec.convert({"type": "a", field: wrong}, Draft)
    for field, bad in (("delay", "1"), ("delay", True), ("context", "c"), ("context", {}), ("card", [])):
        with pytest.raises(msgspec.ValidationError, match=f"\\$\\.?{field}|missing required field"):
            msgspec.convert({"type": "a", field: bad}, Draft)
