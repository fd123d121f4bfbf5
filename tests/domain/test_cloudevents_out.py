"""CloudEvents on the way out: nothing is lost on the way there and back, and another implementation reads it."""

import base64

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary_event, from_structured_event
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw, json

from ensue.domain.attributes import canonical
from ensue.domain.cloudevents import STRUCTURED, binary, parse_binary, parse_structured, plain, structured
from ensue.domain.event import EMPTY, Context, Event
from ensue.domain.intake import Draft, Extras
from ensue.domain.schedule import parse_time

OURS = "https://ensue.example/projects/p"

letters = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
texts = st.text(letters, min_size=1, max_size=20).map(str.strip).filter(bool)
names = st.from_regex(r"ext[a-z0-9]{1,12}", fullmatch=True)
values = st.text(letters, max_size=20) | st.booleans() | st.integers(-(2**31), 2**31 - 1)
sources = st.sampled_from(["/shop", "urn:a:b", "https://a.example/x?y=%20#z", "a;b=c"])
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(letters),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(letters), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, object]:
    """Data as JSON, text or bytes, with a content type that fits, or none."""
    kind = draw(st.sampled_from(["none", "json", "text", "bytes"]))
    if kind == "none":
        return {}
    if kind == "json":
        types = st.sampled_from([None, "application/json", "application/vnd.x+json; charset=utf-8", "text/json"])
        return {"data": Raw(json.encode(draw(jsons))), "content_type": draw(types)}
    if kind == "text":
        types = st.sampled_from(["text/plain", "application/xml", "text/html; charset=UTF-8"])
        return {"data": Raw(json.encode(draw(st.text(letters, min_size=1)))), "content_type": draw(types)}
    types = st.sampled_from(["application/octet-stream", "image/png"])
    return {"data_base64": base64.b64encode(draw(st.binary(min_size=1))).decode(), "content_type": draw(types)}


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Events as senders of CloudEvents make them."""
    return Event(
        id="ours", project="p", type=draw(texts), time=draw(st.integers(0, 4 * 10**12)), received_at=0,
        sender_id=draw(st.none() | texts), source=draw(st.none() | sources), subject=draw(st.none() | texts),
        schema=draw(st.none() | st.just("urn:schema:1")), idempotency_key=draw(st.none() | texts),
        attributes=draw(st.dictionaries(names, values, max_size=3)), **draw(contents()),  # type: ignore[arg-type]
    )  # fmt: skip


def event(**fields: object) -> Event:
    """The least event, and what else is told."""
    return Event(id="ours", project="p", type="t", time=0, received_at=0, **fields)  # type: ignore[arg-type]


def said(draft: Draft) -> tuple[object, ...]:
    """What a draft says about itself."""
    assert draft.time is not None
    moment = parse_time(draft.time, "time")
    return (draft.id, draft.source, draft.type, draft.subject, draft.idempotency_key, moment)


def meant(of: Event) -> tuple[object, ...]:
    """What a draft must say that came from `of`."""
    return (of.sender_id or "ours", of.source or OURS, of.type, of.subject, of.idempotency_key, of.time)


@given(events())
@settings(max_examples=150)
def test_structured_there_and_back(of: Event) -> None:
    """Parsing what we write gives what we had, `data` to the byte."""
    draft, extras = parse_structured(structured(of, OURS))
    assert said(draft) == meant(of)
    assert bytes(draft.data) == bytes(of.data)
    assert extras == Extras(
        attributes=of.attributes, data_base64=of.data_base64, content_type=of.content_type, schema=of.schema
    )


@given(events())
@settings(max_examples=150)
def test_binary_there_and_back(of: Event) -> None:
    """As above; headers know only text, and the content type that was implied is said."""
    headers, body = binary(of, OURS)
    draft, extras = parse_binary([(name.encode("ascii"), value.encode("ascii")) for name, value in headers], body)
    assert said(draft) == meant(of)
    assert bytes(draft.data) == bytes(of.data)
    implied = "application/json" if bytes(of.data) else None
    assert extras == Extras(
        attributes={name: canonical(value) for name, value in of.attributes.items()},
        data_base64=of.data_base64,
        content_type=of.content_type or implied,
        schema=of.schema,
    )


@given(events())
@settings(max_examples=75)
def test_the_sdk_reads_what_we_write(of: Event) -> None:
    """The CloudEvents project's own SDK sees the same event in both modes."""
    headers, body = binary(of, OURS)
    message = structured(of, OURS)
    for read in (
        from_binary_event(HTTPMessage(dict(headers), body)),
        from_structured_event(HTTPMessage({"content-type": STRUCTURED}, message)),
    ):
        assert (read.get_id(), read.get_source(), read.get_type()) == meant(of)[:3]
        assert read.get_subject() == of.subject
        moment = read.get_time()
        assert moment is not None
        assert round(moment.timestamp() * 1_000) == of.time
        assert all(canonical(read.get_extension(name)) == canonical(value) for name, value in of.attributes.items())
    if bytes(of.data):
        assert read.get_data() == json.decode(of.data)
    elif of.data_base64:
        assert read.get_data() == base64.b64decode(of.data_base64)


def test_data_is_spliced_verbatim() -> None:
    """Blanks, order and digits of the sender's JSON survive: a receiver may hash them."""
    data = b'{"b" : 1.50, "a":[ 1e2 ],"a":2}'
    of = event(data=Raw(data))
    assert structured(of, OURS).endswith(b'"data":' + data + b"}")
    assert binary(of, OURS)[1] == data
    assert plain(of) == ("application/json", data)


def test_header_values_are_encoded() -> None:
    """Blank, quote, percent, control characters and what is not ASCII are percent-encoded, in upper case."""
    of = event(subject='Euro € 😀 "5%"', attributes={"plain": "a!~b", "flag": True, "number": -3})
    headers = dict(binary(of, OURS)[0])
    assert headers["ce-subject"] == "Euro%20%E2%82%AC%20%F0%9F%98%80%20%225%25%22"
    assert (headers["ce-plain"], headers["ce-flag"], headers["ce-number"]) == ("a!~b", "true", "-3")
    assert headers["ce-specversion"] == "1.0"
    assert "ce-datacontenttype" not in headers
    assert dict(binary(event(subject="a\x7f\nb"), OURS)[0])["ce-subject"] == "a%7F%0Ab"


def test_what_cloudevents_lacks_becomes_extensions() -> None:
    """Key, tenant and context are not lost; what the sender called so is never overwritten."""
    context = Context("c1", start=True)
    members = json.decode(structured(event(tenant="acme", idempotency_key="k", context=context), OURS))
    assert {k: members[k] for k in ("idempotencykey", "tenant", "contextid", "contextstart")} == {
        "idempotencykey": "k", "tenant": "acme", "contextid": "c1", "contextstart": True,
    }  # fmt: skip
    theirs = event(tenant="acme", attributes={"tenant": "theirs"})
    assert json.decode(structured(theirs, OURS))["tenant"] == "theirs"
    assert "contextstart" not in json.decode(structured(event(context=Context("c1")), OURS))


def test_what_other_ways_in_allow_is_made_to_fit() -> None:
    """Free text as source, attribute names with other letters, numbers of 64 bits: still a valid CloudEvent."""
    of = event(
        source="my shöp",
        attributes={"My_Option": "a", "data": "b", "big": 2**40, "_": "c", "lines": "one\ntwo\x7f\uffff"},
    )
    draft, extras = parse_structured(structured(of, OURS))
    assert draft.source == "my%20sh%C3%B6p"
    assert extras.attributes == {"myoption": "a", "xdata": "b", "big": str(2**40), "x": "c", "lines": "onetwo"}


@pytest.mark.parametrize(
    ("of", "content_type", "body"),
    [
        (event(), "application/json", b""),
        (event(data=Raw(b"null")), "application/json", b"null"),
        (event(data=Raw(b'"a\\nb"'), content_type="text/plain"), "text/plain", b"a\nb"),
        (event(data=Raw(b'""'), content_type="text/plain"), "text/plain", b""),
        (event(data=Raw(b'"a"'), content_type="application/json"), "application/json", b'"a"'),
        (event(data=Raw('"é"'.encode()), content_type="text/plain; charset=iso-8859-1"), None, b"\xe9"),
        (event(data=Raw('"€"'.encode()), content_type="text/plain; charset=us-ascii"), None, "€".encode()),
        (event(data_base64="/w=="), "application/octet-stream", b"\xff"),
        (event(data_base64="/w==", content_type="image/png"), "image/png", b"\xff"),
        (event(data=Raw(b"1"), content_type="bad\r\nx: y"), "application/json", b"1"),
    ],
)
def test_plain_is_the_data_alone(of: Event, content_type: str | None, body: bytes) -> None:
    """The bytes that were sent, under the content type that was sent; nothing can enter a header that way."""
    assert plain(of) == (content_type or of.content_type, body)


def test_without_data_binary_says_no_content_type() -> None:
    """Unless the sender gave one."""
    assert "content-type" not in dict(binary(event(), OURS)[0])
    assert dict(binary(event(content_type="text/plain"), OURS)[0])["content-type"] == "text/plain"
    assert "data" not in json.decode(structured(event(data=EMPTY), OURS))
