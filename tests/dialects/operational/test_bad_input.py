"""What no sender should send: never a 500, never a trace of our insides, nothing half stored."""

import pytest

from ensue.dialects.operational.intake import read
from ensue.domain.errors import EnsueError
from ensue.domain.intake import Limits
from ensue.http.exchange import Call
from tests.dialects.edge import EVENTS
from tests.dialects.operational.sender import LOG, Sender

DEEP = b'{"name": "x", "content": ' + b"[" * 70 + b"]" * 70 + b"}"

BODIES = {
    "empty": (b"", b"content field is required"),
    "blank": (b" \n", b"content field is required"),
    "an array": (b'[{"name": "x"}]', b"content field is required"),
    "a string": (b'"x"', b"content field is required"),
    "a number": (b"7", b"content field is required"),
    "null": (b"null", b"content field is required"),
    "malformed": (b'{"name": "x"', b"The body is not valid JSON"),
    "single quotes": (b"{'name': 'x'}", b"The body is not valid JSON"),
    "two values": (b'{"name": "x"}{}', b"The body is not valid JSON"),
    "not UTF-8": (b'{"name": "\xff"}', b"not valid UTF-8"),
    "a lone surrogate": (b'{"name": "\\ud800"}', b"The body"),
    "a lone surrogate in meta": (
        b'{"name": "x", "actions": [{"url": "https://a.example", "buttonText": "b", "key": "k", "meta": "\\udfff"}]}',
        b"The body",
    ),
    "a lone surrogate in an unknown field": (b'{"name": "x", "y": "\\ud800"}', b"The body"),
    "NUL": (b'{"name": "a\\u0000b"}', b"NUL"),
    "NUL in content": (b'{"name": "x", "type": "json", "content": {"a": "\\u0000"}}', b"NUL"),
    "NaN": (b'{"name": "x", "userId": NaN}', b"The body is not valid JSON"),
    "beyond all numbers": (b'{"name": "x", "userId": 1e999}', b"The body"),
    "very many digits": (b'{"name": "x", "userId": 1' + b"0" * 5_000 + b"}", b""),
    "many digits": (b'{"name": "x", "contextId": 1' + b"0" * 299 + b"}", b"'contextId' has 300 characters"),
    "a large float": (b'{"name": "x", "userId": 1e300}', b"'userId' has 301 characters"),
    "too deep": (DEEP, b"deeper than 64 levels"),
    "control characters in an id": (b'{"name": "x", "userId": "a\\nb"}', b"'userId' holds control characters"),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
async def test_bodies_that_are_none(log: Sender, body: bytes, message: bytes) -> None:
    """A 400 that says why."""
    assert message.decode() in await log.refusal(body)


async def test_a_body_has_100_kibibytes(log: Sender) -> None:
    """One byte more is 413 in their words; what follows is answered."""
    frame = b'{"name": "an event", "note": "%b"}'
    room = 100 * 1024 - len(frame) + 2
    assert (await log(frame % (b"x" * room))).status == 201
    got = await log(frame % (b"x" * (room + 1)))
    assert (got.status, got.body) == (413, b"request entity too large")
    got = await log(frame % (b"x" * (room + 1)), Accept="application/json")
    assert got.json == {"message": "request entity too large"}
    assert len(await log.api.items(EVENTS)) == 1


async def test_the_refusal_of_a_batch_is_one(log: Sender) -> None:
    """There is no batch here: many events in an array are one refusal."""
    assert (await log([{"name": "a"}, {"name": "b"}])).body == b"content field is required"


def test_a_header_that_is_no_text() -> None:
    """An idempotency key is UTF-8."""
    headers = [(b"content-type", b"application/json"), (b"idempotency-key", b"\xff\xfe")]
    call = Call(method="POST", path=LOG, raw_path=LOG.encode(), headers=headers, now=0, body=b'{"name": "x"}')
    with pytest.raises(EnsueError, match="not UTF-8"):
        read(call, Limits())


async def test_other_encodings_are_refused(log: Sender) -> None:
    """A compressed body is not read."""
    got = await log(b"\x1f\x8b", content_encoding="gzip")
    assert (got.status, got.headers["content-type"]) == (415, "text/plain; charset=utf-8")
