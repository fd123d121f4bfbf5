"""What counts as JSON here (design section 8): strict, also inside what nobody looks into, at a cost that is linear."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct

from ensue.domain.decoding import MAX_DEPTH, check_json, decode
from ensue.domain.errors import EnsueError

MEGABYTES = 8 * 1024 * 1024


class Inner(Struct):
    """A thing within a thing."""

    url: str
    size: int = 0


class Outer(Struct):
    """What is decoded: a part that is looked at, and one that is not."""

    type: str
    data: Raw = Raw(b"")
    parts: list[Inner] = []


def refusal(body: bytes) -> EnsueError:
    """Why the body is not accepted."""
    with pytest.raises(EnsueError) as refused:
        decode(body, Outer)
    assert refused.value.code == "invalid"
    return refused.value


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """JSON of that depth."""
    return opening * depth + closing * depth


BAD = {
    "not utf-8": b'"\xff"',
    "cut utf-8": b'"\xe2\x82"',
    "overlong": b'"\xc0\xaf"',
    "a surrogate in utf-8": b'"\xed\xa0\x80"',
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\uDC00"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "nul": b'"a\\u0000b"',
    "nul as a key": b'{"\\u0000": 1}',
    "nul after an escaped backslash": b'"\\\\\\u0000"',
    "not a number": b"NaN",
    "infinite": b"Infinity",
    "beyond a double": b"1e400",
    "below a double": b"-1E+400",
    "beyond by digits": b"1" * 400 + b".5",
    "digits without end": b"1" * 5000,
    "a control character": b'"a\x01"',
    "an unknown escape": b'"\\x41"',
    "a comma too many": b"[1,]",
    "a leading zero": b"01",
    "no digit": b"1.",
    "two values": b"1 2",
    "single quotes": b"'a'",
    "a comment": b"1 // one",
    "unclosed": b"[",
    "too deep": nested(MAX_DEPTH),
    "far too deep": nested(20_000),
    "too deep in objects": b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_refused_is_refused_inside_data_too(data: bytes) -> None:
    """Each a 400 with words, wherever it stands."""
    assert refusal(b'{"type": "a", "data": ' + data + b"}").message
    assert refusal(b'{"type": "a", "data": {"b": [' + data + b"]}}").message


@pytest.mark.parametrize(
    "data",
    [
        b'"\\ud83d\\ude00"',
        b'"\\\\u0000"',
        b'"\\\\ud800"',
        b"1e308",
        b"-1.5E-400",
        b"1" * 40,
        b'"' + b"[" * 500 + b'"',
        b'"\\"' + b"{" * 500 + b'"',
        b'"\\\\"',
        nested(MAX_DEPTH - 1),
        b"[" + b"[],{}," * 500 + b"1]",
        '"\u2028 \U0001f600 \u00e9"'.encode(),
    ],
)
def test_what_only_looks_bad_is_accepted(data: bytes) -> None:
    """A pair of surrogates, an escaped backslash, brackets in a string, the limit of depth: kept as they were sent."""
    assert bytes(decode(b'{"type": "a", "data": ' + data + b"}", Outer).data) == data


@pytest.mark.parametrize(
    ("text", "half"),
    [
        (b"\\ud800", "\\ud800"),
        (b"a\\uD83Dx, and more", "\\uD83D"),
        (b"\\udfff", "\\udfff"),
        (b"\\ud83d\\ude00\\ude00", "\\ude00"),
        (b"\\ud800\\u0041", "\\ud800"),
    ],
)
def test_half_a_character_is_named(text: bytes, half: str) -> None:
    """The decoder's own words speak of what stands behind it, or of an end that is none."""
    error = refusal(b'{"type": "a", "data": {"b": "' + text + b'"}}')
    assert error.message == f"The body is not valid JSON: {half} is half a character, a lone surrogate."


def test_depth_at_its_limit_and_one_beyond() -> None:
    """64 levels in all; 65 are refused, and so are 20,000, in words."""
    check_json(nested(64))
    for depth in (65, 66, 129, 20_000, 100_000):
        with pytest.raises(EnsueError, match="64 levels"):
            check_json(nested(depth))
        with pytest.raises(EnsueError, match="64 levels"):
            check_json(b"[" + b"[]," * 200 + nested(depth, b'{"a":[', b"]}"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "type"),
        (b'{"type": 1}', "type"),
        (b'{"type": null}', "type"),
        (b'{"type": "a", "parts": {}}', "parts"),
        (b'{"type": "a", "parts": [1]}', "parts[0]"),
        (b'{"type": "a", "parts": [{"url": "u"}, {}]}', "parts[1].url"),
        (b'{"type": "a", "parts": [{"url": "u", "size": "1"}]}', "parts[0].size"),
        (b"[]", None),
        (b"", None),
        (b"null", None),
    ],
)
def test_the_wrong_field_is_named(body: bytes, field: str | None) -> None:
    """By its path, as the sender wrote it."""
    assert refusal(body).field == field
    with pytest.raises(EnsueError) as refused:
        decode(body, Outer, "events[3].")
    assert refused.value.field == ("events[3]" if field is None else f"events[3].{field}")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_400(body: bytes) -> None:
    """Nothing else is ever raised."""
    codes = set[str]()
    for whole in (body, b'{"type": "a", "data": ' + body + b"}"):
        try:
            decode(whole, Outer)
        except EnsueError as error:
            codes.add(error.code)
    assert codes <= {"invalid"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_valid_json_is_accepted(value: object, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever it says, written either way; but for the character NUL."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    body = b'{"type":"a","data":' + text.encode() + b"}"
    if "\\u0000" in text.replace("\\\\", ""):
        assert "NUL" in refusal(body).message
    else:
        assert json.loads(bytes(decode(body, Outer).data)) == value


@given(JSON, st.integers(0, 200), st.binary(min_size=0, max_size=3))
def test_what_is_accepted_is_json(value: object, at: int, junk: bytes) -> None:
    """Damaged anywhere, inside `data` too: what still passes, a strict parser of another hand reads as well."""
    text = json.dumps(value).encode()
    damaged = text[: at % (len(text) + 1)] + junk + text[at % (len(text) + 1) + 1 :]
    body = b'{"type":"a","data":' + damaged + b"}"
    try:
        decode(body, Outer)
    except EnsueError:
        return
    json.loads(body.decode("utf-8"), parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise ValueError(word)


HOSTILE = {
    "deep": b"[" * MEGABYTES,
    "closing": b"]" * MEGABYTES,
    "pairs": b"[]" * (MEGABYTES // 2),
    "waves": (b"[" * 60 + b"]" * 60) * (MEGABYTES // 120),
    "crossed": b"[}" * (MEGABYTES // 2),
    "escaped quotes that never close": b"[" * 129 + b'"' + b'\\"' * (MEGABYTES // 2),
    "backslashes": b'["' + b"\\" * MEGABYTES,
    "nearly enough digits": (b"1" * 299 + b",") * (MEGABYTES // 300),
    "nearly nul": b"\\u000" * (MEGABYTES // 5),
    "escaped nul": b'"' + b"\\\\u0000" * (MEGABYTES // 7) + b'"',
    "brackets in strings": b"[" + b'"]]]]}}}}",' * (MEGABYTES // 11),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_largest_body_is_looked_at_in_linear_time(body: bytes) -> None:
    """Eight times the body costs no more than eight times the time, give or take what a machine does meanwhile."""
    small = min(_seconds(body[: len(body) // 8]) for _ in range(3))
    assert _seconds(body) < 40 * max(small, 0.002)


def _seconds(body: bytes) -> float:
    began = time.thread_time()
    with contextlib.suppress(EnsueError):
        check_json(body)
    return time.thread_time() - began


@pytest.mark.parametrize("value", [b"1e400", b'[1, {"a": -1e999}]'])
def test_a_number_beyond_all_names_its_field(value: bytes) -> None:
    """Whoever sent it is told where to look, also in a batch."""
    with pytest.raises(EnsueError) as refusal:
        check_json(b'{"type": "a", "data": ' + value + b"}", "events[3].")

    assert refusal.value.field == "events[3].data"
