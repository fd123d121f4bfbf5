"""What bad input gets, in every dialect: its own form, a status that blames the sender, and nothing half stored."""

from collections.abc import Callable

import pytest

from tests.dialects.contract.tables import naming
from tests.dialects.contract.voices import KIB, VOICES, Voice, call, events_of, new_key
from tests.dialects.contract.ways import WAYS
from tests.dialects.edge import Edge, Got

pytestmark = pytest.mark.parametrize("api", WAYS, indirect=True)
EACH = pytest.mark.parametrize("voice", VOICES, ids=[voice.name for voice in VOICES])

BROKEN: dict[str, Callable[[Voice], bytes]] = {
    "cut": lambda voice: voice.event().body[:-1],
    "not JSON": lambda _voice: b"{type: 'order.paid'}",
    "text": lambda _voice: b"hello",
    "two values": lambda voice: voice.event().body * 2,
    "trailing comma": lambda voice: voice.event().body[:-1] + b",}",
    "a byte order mark of UTF-16": lambda voice: voice.event().body.decode().encode("utf-16"),
    "invalid UTF-8 in a type": lambda voice: voice.raw(kind=b'"\xff\xfe"').body,
    "invalid UTF-8 in data": lambda voice: voice.raw(data=b'{"a":"\xc3("}').body,
    "an overlong form": lambda voice: voice.raw(data=b'{"a":"\xc0\x80"}').body,
    "a surrogate in UTF-8": lambda voice: voice.raw(data=b'{"a":"\xed\xa0\x80"}').body,
    "half a character in a type": lambda voice: voice.raw(kind=b'"a\\ud800"').body,
    "half a character in a subject": lambda voice: voice.raw(subject=b'"a\\udc00b"').body,
    "half a character in data": lambda voice: voice.raw(data=b'{"a":"\\ud83d"}').body,
    "half a character in a name": lambda voice: voice.raw(data=b'{"\\ud83d":1}').body,
    "NUL in a type": lambda voice: voice.raw(kind=b'"a\\u0000b"').body,
    "NUL in data": lambda voice: voice.raw(data=b'{"a":"\\u0000"}').body,
    "a bare NUL": lambda voice: voice.raw(data=b'{"a":"\x00"}').body,
    "a bare line break": lambda voice: voice.raw(data=b'{"a":"\n"}').body,
    "65 levels": lambda voice: voice.raw(data=b'{"a":' * 65 + b"1" + b"}" * 65).body,
    "65 lists": lambda voice: voice.raw(data=b'{"a":' + b"[" * 65 + b"]" * 65 + b"}").body,
    "40,000 levels": lambda voice: voice.raw(data=b"[" * 40_000 + b"]" * 40_000).body,
    "40,000 levels that never end": lambda voice: voice.raw(data=b"[" * 40_000).body,
    "not a number": lambda voice: voice.raw(data=b'{"a":NaN}').body,
    "infinity": lambda voice: voice.raw(data=b'{"a":-Infinity}').body,
    "beyond all numbers": lambda voice: voice.raw(data=b'{"a":1e999}').body,
    "beyond all numbers, written out": lambda voice: voice.raw(data=b'{"a":1' + b"0" * 400 + b".5}").body,
    "a leading zero": lambda voice: voice.raw(data=b'{"a":01}').body,
}

MOST_LEVELS = 64


async def refused(api: Edge, voice: Voice, body: bytes, *codes: str) -> Got:
    """A refusal of `body` in the dialect's form; nothing was stored."""
    got = await call(api, voice.sign(voice.sent(body), await new_key(api)))
    assert got.status in [voice.status(code) for code in codes or ("invalid",)], (body[:200], got.body)
    assert voice.told(got)
    assert await events_of(api) == []
    return got


@EACH
async def test_what_is_not_strict_json(api: Edge, voice: Voice) -> None:
    """Inside data too."""
    for name, broken in BROKEN.items():
        with naming(name):
            await refused(api, voice, broken(voice))


@EACH
async def test_a_wrong_shape(api: Edge, voice: Voice) -> None:
    """Each part of the wrong type, or missing; no body at all."""
    for body in (*voice.wrong, b"", b" "):
        await refused(api, voice, body)


@EACH
async def test_types_of_the_platform(api: Edge, voice: Voice) -> None:
    """Those that begin with `ensue.` are refused, with blanks around them too; what merely resembles it is not."""
    for kind in ("ensue.x", "ensue.delivery.dead", " ensue.x ", "\tensue.x"):
        await refused(api, voice, voice.event(kind=kind).body, "invalid", "public")
    for kind in ("ensuex", "my.ensue.x"):
        got = await call(api, voice.sign(voice.event(kind=kind), await new_key(api)))
        assert got.status == voice.accepted, got.body


@EACH
async def test_the_limit_of_a_body(api: Edge, voice: Voice) -> None:
    """The limit is taken, one byte more is not."""
    small = voice.event().body
    await refused(api, voice, small + b" " * (voice.limit + 1 - len(small)), "too_large")
    await refused(api, voice, small + b" " * (7 * 1024 * KIB), "too_large")
    whole = voice.sent(small + b" " * (voice.limit - len(small)))
    assert (await call(api, voice.sign(whole, await new_key(api)))).status == voice.accepted


@EACH
async def test_the_depth_of_a_body(api: Edge, voice: Voice) -> None:
    """64 levels are taken, the outermost counted."""
    inner = MOST_LEVELS - 1
    request = voice.raw(data=b'{"a":' * inner + b"1" + b"}" * inner)
    got = await call(api, voice.sign(request, await new_key(api)))
    assert got.status == voice.accepted, got.body


@EACH
async def test_texts_at_their_limit(api: Edge, voice: Voice) -> None:
    """A type and a subject of 256 characters are never cut silently into somebody else's name."""
    got = await call(api, voice.sign(voice.event(subject="s" * 256), await new_key(api)))
    if got.status != voice.status("invalid"):
        assert voice.dialect == "spacecloud"  # has no subject
    else:
        assert voice.told(got)
        assert await events_of(api) == []


@EACH
async def test_a_body_that_is_encoded(api: Edge, voice: Voice) -> None:
    """Not read: a small one may be large."""
    key = await new_key(api)
    for encoding in ("gzip", "br", "gzip, identity"):
        got = await call(api, voice.sign(voice.event(), key).plus(**{"content-encoding": encoding}))
        assert got.status == 415
        assert voice.told(got)
    assert await events_of(api) == []
