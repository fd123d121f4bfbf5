"""CloudEvents on the way in: what the specification demands of a receiver, and what is refused."""

import base64

import pytest
from msgspec import json

from ensue.domain.cloudevents import kind_of, parse_batch, parse_binary, parse_structured
from ensue.domain.errors import EnsueError
from ensue.domain.event import AttributeValue
from ensue.domain.intake import Draft, Extras

LEAST = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid"}
HEADERS = [(b"ce-specversion", b"1.0"), (b"ce-id", b"1"), (b"ce-source", b"/shop"), (b"ce-type", b"order.paid")]


def structured(**members: object) -> tuple[Draft, Extras]:
    """The least event with `members` besides, in structured mode."""
    return parse_structured(json.encode({**LEAST, **members}))


def binary(body: bytes = b"", content_type: bytes | None = None, **attributes: bytes) -> tuple[Draft, Extras]:
    """The least event with `attributes` besides, in binary mode."""
    more = [(f"ce-{name}".encode(), value) for name, value in attributes.items()]
    kept = [(name, value) for name, value in HEADERS if name not in dict(more)]
    typed = [(b"content-type", content_type)] if content_type is not None else []
    return parse_binary([*kept, *more, *typed], body)


def refused(field: str, body: bytes) -> str:
    """The message of refusing `body` in structured mode, which must name `field`."""
    with pytest.raises(EnsueError) as caught:
        parse_structured(body)
    assert (caught.value.code, caught.value.field) == ("invalid", field)
    return caught.value.message


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("application/cloudevents+json", "structured"),
        ("Application/CloudEvents+JSON; charset=UTF-8", "structured"),
        ('application/cloudevents+json;charset="utf-8"', "structured"),
        ("application/cloudevents-batch+json", "batch"),
        ("APPLICATION/CLOUDEVENTS-BATCH+JSON;charset=utf-8", "batch"),
        ("application/json", "none"),
        ("text/plain", "none"),
        (None, "none"),
    ],
)
def test_the_content_type_tells_the_mode(content_type: str | None, kind: str) -> None:
    """Case does not count, and a charset of UTF-8 is fine."""
    assert kind_of(content_type, []) == kind


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+avro",
        "application/cloudevents-batch+avro",
        "application/cloudevents+protobuf",
        "application/cloudevents",
        "application/cloudevents+json; charset=iso-8859-1",
        "application/cloudevents+json; =",
    ],
)
def test_another_format_is_unsupported(content_type: str) -> None:
    """A format that we do not speak is a 415, also where headers could be read as binary mode."""
    with pytest.raises(EnsueError) as caught:
        kind_of(content_type, HEADERS)
    assert (caught.value.code, caught.value.status) == ("unsupported", 415)


def test_headers_tell_binary_mode() -> None:
    """By the required attributes, in any case; structured mode may carry them too."""
    assert kind_of("application/json", [(b"CE-SpecVersion", b"1.0")]) == "binary"
    assert kind_of(None, [(b"ce-id", b"1")]) == "binary"
    assert kind_of(None, [(b"ce-ramp", b"1"), (b"cexid", b"1")]) == "none"
    assert kind_of("application/cloudevents+json", HEADERS) == "structured"


def test_a_structured_event() -> None:
    """Each attribute goes to its place; unknown ones are kept as extensions; data stays as it was written."""
    body = (
        b'{"specversion":"1.0","id":"A1","source":"https://a.example/s?x=1#f","type":"t","subject":"s",'
        b'"time":"2026-11-21T09:30:00Z","datacontenttype":"application/vnd.x+json","dataschema":"urn:x:1",'
        b'"idempotencykey":"k","text":"e","number":5,"flag":true,"unset":null,"tenant":"acme",'
        b'"data":{"b" : 1.50, "a":[ ]}}'
    )
    draft, extras = parse_structured(body)
    assert bytes(draft.data) == b'{"b" : 1.50, "a":[ ]}'
    assert (draft.id, draft.source, draft.type, draft.subject) == ("A1", "https://a.example/s?x=1#f", "t", "s")
    assert (draft.time, draft.idempotency_key, draft.tenant) == ("2026-11-21T09:30:00Z", "k", None)
    own: dict[str, AttributeValue] = {"text": "e", "number": 5, "flag": True, "tenant": "acme"}
    assert extras == Extras(attributes=own, content_type="application/vnd.x+json", schema="urn:x:1")


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_required_attributes(name: str) -> None:
    """Missing, null, empty and of another type are all refused."""
    for members in ({k: v for k, v in LEAST.items() if k != name}, *({**LEAST, name: v} for v in (None, "", 1))):
        assert name in refused(name, json.encode(members))
    with pytest.raises(EnsueError, match=name):
        parse_binary([pair for pair in HEADERS if pair[0] != f"ce-{name}".encode()], b"")


@pytest.mark.parametrize("version", ["0.3", "1.1", "1.0.2", "1"])
def test_only_one_version(version: str) -> None:
    """CloudEvents 1.0 says `1.0`."""
    assert version in refused("specversion", json.encode({**LEAST, "specversion": version}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source", "a b"),
        ("source", "über"),
        ("source", "%zz"),
        ("source", "a#b#c"),
        ("dataschema", "/relative"),
        ("dataschema", ""),
        ("datacontenttype", "json"),
        ("datacontenttype", "text/plain; charset"),
        ("time", "yesterday"),
        ("time", "2026-13-01T00:00:00Z"),
        ("time", 1),
        ("subject", ""),
        ("subject", 5),
        ("subject", "a\x07b"),
        ("id", "a\x85b"),
        ("type", "a\ufffeb"),
        ("ext", "a\nb"),
        ("ext", 1.5),
        ("ext", 2**31),
        ("ext", -(2**31) - 1),
        ("ext", {"a": 1}),
        ("ext", ["a"]),
        ("Ext", "upper"),
        ("my_ext", "line"),
        ("my-ext", "dash"),
        ("", "empty"),
        ("idempotencykey", 5),
    ],
)
def test_what_an_attribute_cannot_be(name: str, value: object) -> None:
    """Names, types and forms of the specification's type system hold."""
    assert refused(name, json.encode({**LEAST, name: value}))


@pytest.mark.parametrize("value", [2**31 - 1, -(2**31), True, "", "é😀", "a" * 500])
def test_what_an_extension_may_be(value: object) -> None:
    """Integers of 32 bits, booleans and text, long names too."""
    name = "a" * 40
    assert structured(**{name: value})[1].attributes == {name: value}


def test_data_or_base64_not_both() -> None:
    """They exclude each other; a `data` of null is data, a `data_base64` of null is none."""
    assert bytes(structured(data=None)[0].data) == b"null"
    assert structured(data_base64="/w==")[1].data_base64 == "/w=="
    assert structured(data=1, data_base64=None)[1].data_base64 is None
    assert bytes(structured()[0].data) == b""
    assert "exclude" in refused("data_base64", json.encode({**LEAST, "data": None, "data_base64": "/w=="}))


@pytest.mark.parametrize("value", ["/w", "/w=", "_w==", "a b=", "é", 5])
def test_base64_is_strict(value: object) -> None:
    """The standard alphabet with padding, nothing else."""
    assert "base64" in refused("data_base64", json.encode({**LEAST, "data_base64": value}))


def test_data_that_is_not_json_is_a_string() -> None:
    """Where the content type is not JSON, only text can stand in `data`."""
    assert bytes(structured(data="<a/>", datacontenttype="application/xml")[0].data) == b'"<a/>"'
    assert refused("data", json.encode({**LEAST, "data": {"a": 1}, "datacontenttype": "application/xml"}))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b'{"id":"\xff"}', b'{"data":"\\ud800"}', b"{'a':1}"]
)
def test_a_body_that_is_no_json_object(body: bytes) -> None:
    """Each is an `invalid`, never anything else."""
    with pytest.raises(EnsueError) as caught:
        parse_structured(body)
    assert caught.value.code == "invalid"


def test_a_batch_answers_item_by_item() -> None:
    """One wrong event leaves the others alone and says which it is; a batch may be empty."""
    items = [LEAST, {**LEAST, "id": ""}, 5, {**LEAST, "id": "4", "data": "\x00"}, {**LEAST, "id": "5"}]
    results = parse_batch(json.encode(items))
    good = [result[0].id for result in results if not isinstance(result, EnsueError)]
    bad = [(result.code, result.field) for result in results if isinstance(result, EnsueError)]
    assert good == ["1", "5"]
    assert bad == [("invalid", "[1].id"), ("invalid", "[2]"), ("invalid", "[3]")]
    assert parse_batch(b" [] ") == []


@pytest.mark.parametrize("body", [b"{}", b"", b"[", b"null", b"[1,]", b'["\xff"]', b"[" * 100_000])
def test_a_batch_is_an_array(body: bytes) -> None:
    """Else the whole request is refused."""
    with pytest.raises(EnsueError) as caught:
        parse_batch(body)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b"%e2%82%ac", "€"),
        (b"%41%2d", "A-"),
        (b"100%25", "100%"),
        (b"a%2525b", "a%25b"),
        (b'"a \\"quoted\\" \\\\ text"', 'a "quoted" \\ text'),
        (b'"%E2%82%AC"', "€"),
        (b'before "in side" after', "before in side after"),
        (b"  trimmed\t", "trimmed"),
        (b"a b", "a b"),
        ("é".encode(), "é"),
        (b'""', ""),
        (b"5", "5"),
    ],
)
def test_header_values_are_decoded(header: bytes, text: str) -> None:
    """Quotes are undone first, then one round of percent-decoding."""
    assert binary(ext=header)[1].attributes == {"ext": text}


@pytest.mark.parametrize("header", [b"%C0%A0", b"%FF", b"%", b"%2", b"%zz", b'"open', b'a"', b"\xff", b"a%00b", b"%0A"])
def test_header_values_that_cannot_be(header: bytes) -> None:
    """Overlong and other invalid UTF-8, bare percents, open quotes and control characters are refused."""
    with pytest.raises(EnsueError) as caught:
        binary(ext=header)
    assert (caught.value.code, caught.value.field) == ("invalid", "ext")


def test_header_names() -> None:
    """Case does not count; the content type has its own header; nothing is sent twice; names keep their form."""
    headers = [(name.upper(), value) for name, value in HEADERS]
    draft, extras = parse_binary([*headers, (b"Content-TYPE", b"text/plain"), (b"x-other", b"%")], b"hi")
    assert (draft.id, bytes(draft.data), extras.content_type) == ("1", b'"hi"', "text/plain")
    for name in (b"ce-datacontenttype", b"ce-data", b"ce-data_base64", b"ce-", b"Ce-ID"):
        with pytest.raises(EnsueError) as caught:
            parse_binary([*HEADERS, (name, b"text/plain")], b"")
        assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"application/json", b'{"a" : 1}'),
        (b"Application/JSON; charset=UTF-8", b'{"a" : 1}'),
        (b"text/json", b"[1, 2.50]"),
        (b"application/vnd.x+json", b"null"),
        (b"application/json", b' "x"\n'),
        (None, b'{"a" : 1}'),
    ],
)
def test_json_in_binary_mode_is_kept_verbatim(content_type: bytes | None, body: bytes) -> None:
    """JSON by its content type, or, without one, because it is."""
    draft, extras = binary(body, content_type)
    assert (bytes(draft.data), extras.data_base64) == (body.strip(), None)


@pytest.mark.parametrize(
    "body", [b"{", b'{"a":NaN}', b"\xff", b'"\\ud800"', b"hello", b'"\\u0000"', b"[" * 100 + b"]" * 100]
)
def test_json_in_binary_mode_is_strict(body: bytes) -> None:
    """What says that it is JSON must be."""
    with pytest.raises(EnsueError) as caught:
        binary(body, b"application/json")
    assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    "content_type", [b"text/plain", b"text/plain;charset=us-ascii", b"text/html; charset=UTF-8", b"application/xml"]
)
def test_text_in_binary_mode_is_kept_as_text(content_type: bytes) -> None:
    """So that people and filters can read it."""
    draft, extras = binary(b'say "hi"', content_type)
    assert (bytes(draft.data), extras.data_base64) == (b'"say \\"hi\\""', None)
    assert extras.content_type == content_type.decode()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"application/octet-stream", b"text"),
        (b"image/png", b"\x89PNG"),
        (b"text/plain; charset=iso-8859-1", b"\xe9"),
        (b"text/plain", b"\xe9"),
        (b"text/plain; charset=us-ascii", "é".encode()),
        (b"text/plain", b"a\x00b"),
        (b"application/json; charset=utf-16", '{"a":1}'.encode("utf-16")),
        (None, b"not json"),
        (None, b"\xff\xfe"),
    ],
)
def test_anything_else_in_binary_mode_is_bytes(content_type: bytes | None, body: bytes) -> None:
    """Nothing is lost, whatever it says that it is."""
    draft, extras = binary(body, content_type)
    assert bytes(draft.data) == b""
    assert base64.b64decode(extras.data_base64 or "") == body


@pytest.mark.parametrize("content_type", [None, b"application/json", b"text/plain", b"image/png"])
def test_an_empty_body_is_no_data(content_type: bytes | None) -> None:
    """Senders name a content type out of habit, also where they send nothing."""
    draft, extras = binary(b"", content_type)
    assert (bytes(draft.data), extras.data_base64) == (b"", None)


def test_large_events_are_read() -> None:
    """64 KiB must be accepted, and 255 KiB are."""
    text = "x" * 255 * 1024
    assert len(bytes(structured(data=text)[0].data)) == len(text) + 2
    assert len(bytes(binary(text.encode(), b"text/plain")[0].data)) == len(text) + 2
