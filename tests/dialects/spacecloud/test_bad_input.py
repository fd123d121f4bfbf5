"""What cannot be queued is refused in Space Cloud's form: never a 500 of our own, and nothing half stored."""

import base64
from typing import Any

import msgspec
import pytest

from ensue.engine import tokens
from tests.dialects.spacecloud.cloud import FIRST, MANY, SECOND, Cloud, told

BODIES: list[bytes] = [
    b"",
    b" ",
    b"{",
    b"[]",
    b"null",
    b'"my_type"',
    b"5",
    b"{}",
    b'{"type": null}',
    b'{"type": 5}',
    b'{"type": ""}',
    b'{"type": "  "}',
    b'{"type": ["my_type"]}',
    b'{"type": "a\\u0001b"}',
    b'{"type": "ensue.delivery.dead"}',
    b'{"type": "' + b"x" * 256 + b'"}',
    b'{"type": "my_type", "payload": "\\ud800"}',
    b'{"type": "my_type", "payload": "\\u0000"}',
    b'{"type": "my_type", "payload": "\xff"}',
    b'{"type": "my_type", "payload": 1e999}',
    b'{"type": "my_type", "payload": NaN}',
    b'{"type": "my_type", "payload": ' + b"[" * 65 + b"]" * 65 + b"}",
    b'{"type": "my_type"} x',
    b'{"type": "my_type", "delay": 1e18}',
    b'{"type": "my_type", "delay": 99999999999999999999}',
]


@pytest.mark.parametrize("url", [FIRST, SECOND, MANY])
async def test_what_cannot_be_read_is_refused(cloud: Cloud, url: str) -> None:
    """400 with `error`, on each path; nothing is stored."""
    for body in BODIES:
        sent = b'{"events": [' + body + b"]}" if url == MANY and body.strip() else body
        status, error, raw = told(await cloud("POST", url, sent))
        assert (status, raw) == (400, ""), body
        assert isinstance(error, str), body
        assert error, body
    assert not await cloud.events()
    assert not await cloud.scheduled()


@pytest.mark.parametrize(
    "options", [5, "x", ["x"], {"a": 1.5}, {"a": {}}, {"a" * 256: "x"}, {f"{number}": "x" for number in range(101)}]
)
async def test_options_that_are_none(cloud: Cloud, options: Any) -> None:
    """The older path refuses them; today's takes what it can, and refuses only what is too much."""
    assert (await cloud.queue(FIRST, options=options)).status == 400
    too_much = isinstance(options, dict) and (len(options) > 100 or "a" * 256 in options)
    assert (await cloud.queue(SECOND, options=options)).status == (400 if too_much else 200)


@pytest.mark.parametrize("url", [FIRST, SECOND])
async def test_an_event_may_have_256_kib(cloud: Cloud, url: str) -> None:
    """To the byte."""
    frame = len(b'{"type":"my_type","payload":""}')
    assert (await cloud.queue(url, payload="x" * (256 * 1024 - frame))).status == 200
    status, error, raw = told(await cloud.queue(url, payload="x" * (256 * 1024 - frame + 1)))
    assert (status, raw) == (413, "")
    assert "262,144" in error
    assert len(await cloud.events()) == 1


@pytest.mark.parametrize("url", [FIRST, SECOND, MANY])
async def test_a_body_that_is_compressed_is_refused(cloud: Cloud, url: str) -> None:
    """415, in their form."""
    assert told(await cloud("POST", url, b"x", content_encoding="gzip"))[0] == 415


@pytest.mark.parametrize("algorithm", ["none", "None", "RS256", "HS512", ""])
async def test_an_algorithm_that_is_not_the_keys_is_refused(cloud: Cloud, algorithm: str) -> None:
    """The header does not choose it."""
    head, claims, signature = tokens.mint({"role": "admin"}, cloud.key.key.id, cloud.key.secret).split(".")
    header = msgspec.json.encode({"alg": algorithm, "kid": cloud.key.key.id, "typ": "JWT"})
    forged = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    assert forged != head
    for last in (signature, ""):
        speaker = cloud.with_token(f"{forged}.{claims}.{last}")
        assert (await speaker.queue()).status == 500
        assert (await speaker.queue(FIRST)).status == 403
        assert (await speaker("POST", MANY, {"events": []})).status == 403
    assert not await cloud.events()


@pytest.mark.parametrize("name", ["a b", "a%2Fb", "%C3%A4", "a.b-c_1"])
async def test_a_name_may_hold_a_slash(cloud: Cloud, name: str) -> None:
    """What is percent-encoded stays in the name, and comes back."""
    await cloud.trigger(name)
    (shown,) = await cloud.get("triggers")
    assert shown["id"] == {"a%2Fb": "a/b", "%C3%A4": "ä"}.get(name, name)
    await cloud("DELETE", f"/v1/config/projects/default/eventing/triggers/{name}")
    assert await cloud.get("triggers") == []


@pytest.mark.parametrize("what", ["triggers", "rules", "schema"])
async def test_a_name_that_is_too_long_is_refused(cloud: Cloud, what: str) -> None:
    """255 characters, as everywhere."""
    body = {"rule": "allow", "type": "x", "url": "https://hooks.example/", "schema": "type x { a: ID }"}
    got = await cloud("POST", f"/v1/config/projects/default/eventing/{what}/{'x' * 256}", body)
    assert got.status == 400
