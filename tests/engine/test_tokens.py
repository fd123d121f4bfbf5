"""Whose JSON Web Token is believed, until when, and for which project (design section 8, Keys; RFC 8725)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ensue.domain.errors import EnsueError
from ensue.engine import tokens
from ensue.engine.keys import NewKey
from ensue.engine.tokens import mint
from tests.engine.stage import Stage

SECOND = 1000


@lru_cache
def private_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key pair; the same for the whole run, since making one takes its time."""
    return rsa.generate_private_key(65537, bits)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def base64url(value: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def raw(header: dict[str, Any] | bytes, payload: bytes, secret: bytes) -> str:
    """A token signed by HMAC, whatever its parts hold: no library would make it."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{base64url(head)}.{base64url(payload)}"
    return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


async def refused(stage: Stage, token: str, project: str | None = "default") -> bool:
    """Whether a token is unauthorized; anything else that is raised fails the test."""
    try:
        await stage.engine.keys.verified(token, project)
    except EnsueError as error:
        return error.code == "unauthorized"
    return False


async def test_a_minted_token_is_verified(stage: Stage) -> None:
    """The JWT that comes with a key stands for it; slug, id and no project at all are the same question."""
    new = await stage.engine.keys.create("default")
    for project in ("default", stage.project, None):
        identity = await stage.engine.keys.verified(new.jwt, project)
        assert identity.key == new.key
        assert identity.claims == {"id": new.key.id, "role": "admin"}
        assert stage.engine.keys.remembered(new.jwt, project) is identity
    assert jwt.decode(new.jwt, new.secret, algorithms=["HS256"])["id"] == new.key.id


async def test_a_key_with_a_verifier_is_spoken_for_by_the_other_half(stage: Stage) -> None:
    """RS256, with and without its id; its own token still works, and it has no secret."""
    new = await stage.engine.keys.create("default", verifier=pem_of(private_key()))
    assert (new.secret, new.jwt) == ("", "")
    for headers in ({"kid": new.key.id}, None):
        token = jwt.encode({"id": "u1"}, private_key(), "RS256", headers)
        assert (await stage.engine.keys.verified(token, "default")).key == new.key
    assert await stage.engine.keys.authenticate(new.token) == new.key
    with pytest.raises(EnsueError, match="RS256 and has no secret"):
        stage.engine.keys.secret(new.key)


async def test_the_algorithm_is_the_keys(stage: Stage) -> None:
    """None, another hash, RS for HS, HS for RS, and the public key's own text as a secret: all refused."""
    pem = pem_of(private_key())
    plain, checked = await stage.engine.keys.create("default"), await stage.engine.keys.create("default", verifier=pem)
    stored = checked.key.verifier
    assert stored is not None
    secret = plain.secret.encode()
    for key in (plain.key.id, checked.key.id, None):
        kid = {} if key is None else {"kid": key}
        unsigned = f"{base64url(json.dumps({'alg': 'none'} | kid).encode())}.{base64url(b'{}')}."
        assert await refused(stage, unsigned)
        assert await refused(stage, unsigned + "AA")
        assert await refused(stage, jwt.encode({}, "s" * 32, "HS256", kid))
        assert await refused(stage, jwt.encode({}, plain.secret * 2, "HS512", kid))
        assert await refused(stage, jwt.encode({}, private_key(), "RS512", kid))
        for text in (pem, pem.strip(), stored, stored.strip()):
            assert await refused(stage, raw({"alg": "HS256"} | kid, b"{}", text.encode()))
            assert await refused(stage, raw({"alg": "RS256"} | kid, b"{}", text.encode()))
        for algorithm in ("none", "None", "hs256", "HS384", "RS256", "", None, 1, ["HS256"], {"a": 1}):
            assert await refused(stage, raw({"alg": algorithm} | kid, b"{}", secret)), algorithm
        assert await refused(stage, raw(kid, b"{}", secret))
    assert await refused(stage, jwt.encode({}, private_key(), "RS256", {"kid": plain.key.id}))
    assert await refused(stage, mint({}, checked.key.id, plain.secret))


def _claims(payload: bytes) -> Callable[[NewKey], str]:
    return lambda new: raw({"alg": "HS256", "kid": new.key.id}, payload, new.secret.encode())


def _header(header: bytes) -> Callable[[NewKey], str]:
    return lambda new: raw(header, b"{}", new.secret.encode())


def _text(text: str) -> Callable[[NewKey], str]:
    return lambda _new: text


BAD: dict[str, Callable[[NewKey], str]] = {
    "claims are a list": _claims(b'["id"]'),
    "claims are text": _claims(b'"id"'),
    "claims are null": _claims(b"null"),
    "claims are no JSON": _claims(b"{"),
    "claims are not UTF-8": _claims(b'{"id":"\xff"}'),
    "claims hold half a character": _claims(b'{"id":"\\ud800"}'),
    "claims hold a NUL": _claims(b'{"id":"\\u0000"}'),
    "claims are deep": _claims(b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "claims are beyond numbers": _claims(b'{"exp":1e999}'),
    "claims are empty": _claims(b""),
    "exp is text": _claims(b'{"exp":"4102444800"}'),
    "exp is true": _claims(b'{"exp":true}'),
    "exp is null": _claims(b'{"exp":null}'),
    "exp is a list": _claims(b'{"exp":[4102444800]}'),
    "nbf is text": _claims(b'{"nbf":"0"}'),
    "too long": _claims(b'{"id":"' + b"x" * tokens.MAX_TOKEN + b'"}'),
    "header is a list": _header(b"[]"),
    "header is no JSON": _header(b"{alg}"),
    "header is not UTF-8": _header(b'{"alg":"\xff"}'),
    "header is deep": _header(b'{"alg":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "header is NaN": _header(b'{"alg":NaN}'),
    "header has half a character": _header(b'{"alg":"HS256","kid":"\\ud800"}'),
    "kid is a number": _header(b'{"alg":"HS256","kid":1}'),
    "kid is null": _header(b'{"alg":"HS256","kid":null,"crit":["b64"]}'),
    "kid is another": _header(b'{"alg":"HS256","kid":"key_00000000000000000000000000"}'),
    "kid is empty": _header(b'{"alg":"HS256","kid":""}'),
    "kid is a pattern": _header(b'{"alg":"HS256","kid":"key_%"}'),
    "unencoded payload": _header(b'{"alg":"HS256","b64":false,"crit":["b64"]}'),
    "unknown must": _header(b'{"alg":"HS256","crit":["exp"]}'),
    "empty": _text(""),
    "dots": _text(".."),
    "four parts": _text("a.b.c.d"),
    "half a character": _text("a.\ud800.c"),
    "blanks": _text("a.b.c "),
    "line": _text("a.b.c\n"),
    "garbage": _text("%%%.%%%.%%%"),
    "no base64": _text("a.a.a"),
    "a bearer token": lambda new: new.token,
    "a cut signature": lambda new: new.jwt[:-2],
    "a longer signature": lambda new: new.jwt + "AA",
    "no signature": lambda new: new.jwt.rpartition(".")[0] + ".",
    "other claims": lambda new: ".".join([new.jwt.split(".")[0], base64url(b'{"id":"x"}'), new.jwt.split(".")[2]]),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_token_is_unauthorized(stage: Stage, name: str) -> None:
    """Never an exception of a library, with a project and without."""
    new = await stage.engine.keys.create("default")
    token = BAD[name](new)
    assert await refused(stage, token)
    assert await refused(stage, token, None)


async def test_a_token_of_another_project_is_refused(stage: Stage) -> None:
    """By its id, and by trying the keys of the project that was asked for; and where there is no such project."""
    other = await stage.engine.keys.create("other")
    nameless = jwt.encode({"id": 1}, other.secret, "HS256")
    for token in (other.jwt, nameless):
        assert (await stage.engine.keys.verified(token, "other")).key == other.key
        assert await refused(stage, token, "default")
        assert await refused(stage, token, stage.project)
        assert await refused(stage, token, "nowhere")
    assert await refused(stage, nameless, None)


async def test_a_token_without_an_id_is_tried_with_every_live_key(stage: Stage) -> None:
    """Old keys too; not those that were revoked, and not more than a hundred."""
    stage.clock.turn(1)
    new = await stage.engine.keys.create("default")
    gone = await stage.engine.keys.create("default")
    token, dead = (jwt.encode({"id": 1}, one.secret, "HS256") for one in (new, gone))
    assert (await stage.engine.keys.verified(dead, "default")).key == gone.key
    await stage.engine.keys.revoke(stage.project, gone.key.id)
    assert await refused(stage, dead)
    stage.clock.turn(1)
    for _ in range(99):
        await stage.engine.keys.create("default")
    assert (await stage.engine.keys.verified(token, "default")).key == new.key
    await stage.engine.keys.create("default")
    assert await refused(stage, token)
    assert (await stage.engine.keys.verified(new.jwt, "default")).key == new.key


async def test_times_are_those_of_the_engines_clock(stage: Stage) -> None:
    """`exp` and `nbf`, to the second, remembered or not; the wall clock has no say."""
    new = await stage.engine.keys.create("default")
    now = stage.clock() / SECOND
    token = mint({"nbf": now + 10, "exp": now + 20.5}, new.key.id, new.secret)
    assert await refused(stage, token)
    stage.clock.turn(10 * SECOND)
    assert (await stage.engine.keys.verified(token, "default")).key == new.key
    stage.clock.turn(10 * SECOND)
    assert stage.engine.keys.remembered(token, "default") is not None
    stage.clock.turn(SECOND // 2)
    assert stage.engine.keys.remembered(token, "default") is None
    assert await refused(stage, token)


async def test_a_verified_token_ends_with_its_key(stage: Stage) -> None:
    """Revoked: refused at once, though it was remembered; so is its id."""
    new = await stage.engine.keys.create("default")
    await stage.engine.keys.verified(new.jwt, "default")
    assert stage.engine.keys.known_id(new.key.id) == new.key
    await stage.engine.keys.revoke(stage.project, new.key.id)
    assert stage.engine.keys.remembered(new.jwt, "default") is None
    assert stage.engine.keys.known_id(new.key.id) is None
    assert await refused(stage, new.jwt)
    with pytest.raises(EnsueError, match="revoked"):
        await stage.engine.keys.by_id(new.key.id)


async def test_keys_are_found_by_id(stage: Stage) -> None:
    """In whatever project; nothing that merely resembles an id, and not its neighbour."""
    keys = stage.engine.keys
    made = [await keys.create(project) for project in ("default", "other", "default")]
    assert [(await keys.by_id(new.key.id)).id for new in made] == [new.key.id for new in made]
    assert keys.known_id(made[0].key.id) == made[0].key
    name = made[1].key.id
    for wrong in (
        "",
        "key_",
        name[:-1],
        name + "0",
        name.upper(),
        name + "!",
        name + "\0",
        "\ud800",
        "key_" + "z" * 26,
    ):
        assert keys.known_id(wrong) is None
        with pytest.raises(EnsueError) as caught:
            await keys.by_id(wrong)
        assert caught.value.code == "unauthorized"
    assert keys.secret(made[1].key) == made[1].secret


async def test_the_signer_is_the_oldest_key_with_a_secret(stage: Stage) -> None:
    """Not a public one, nor one with a verifier, nor one that was revoked; and none where there is none."""
    keys = stage.engine.keys
    assert await keys.signer("prj_nothing") is None
    project = (await keys.create("other", public=True)).project.id
    await keys.create("other", verifier=pem_of(private_key()))
    assert await keys.signer(project) is None
    first = await keys.create("other")
    stage.clock.turn(1)
    second = await keys.create("other")
    assert await keys.signer(project) == (first.key, first.secret)
    await keys.revoke(project, first.key.id)
    assert await keys.signer(project) == (second.key, second.secret)


def private_pem() -> str:
    """The half that nobody should hand out."""
    return private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "x",
        "ü",
        "\ud800",
        private_pem(),
        pem_of(private_key()).replace("A", "", 1),
        pem_of(ec.generate_private_key(ec.SECP256R1())),
        pem_of(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - it is refused
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 20_000 + "\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
    ids=["empty", "x", "umlaut", "surrogate", "private", "damaged", "elliptic", "short", "long", "certificate"],
)
async def test_a_verifier_is_an_rsa_public_key(stage: Stage, pem: str) -> None:
    """Of 2048 bits at least; anything else names the field, and no key is made."""
    with pytest.raises(EnsueError) as caught:
        await stage.engine.keys.create("default", verifier=pem)
    assert (caught.value.code, caught.value.field) == ("invalid", "verifier")
    assert len(await stage.engine.keys.list(stage.project)) == 1


def test_a_verifier_is_kept_in_one_form() -> None:
    """PKCS #1 and blanks around it are the same key."""
    usual = pem_of(private_key())
    older = private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert tokens.check_verifier(older) == tokens.check_verifier(f"\n {usual}\n\n") == usual
