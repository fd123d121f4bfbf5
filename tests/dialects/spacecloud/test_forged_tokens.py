"""Tokens that claim more than their key may: refused at every path, and nothing is stored or changed."""

from collections.abc import Callable
from typing import Any

import jwt
import msgspec
import pytest

from ensue.engine.keys import NewKey
from ensue.engine.tokens import mint
from tests.dialects.contract.tables import filled, naming, routes_of
from tests.dialects.contract.voices import FIRST, JSON, SECOND, Request, call, events_of, new_key
from tests.dialects.edge import Edge
from tests.engine.test_tokens import base64url, pem_of, private_key, raw

ADMIN = {"id": "internal-sc-user", "role": "admin"}


class Keys:
    """The keys that forgers know of: an admin's, one that may only send, one with a verifier, another project's."""

    admin: NewKey
    sender: NewKey
    checked: NewKey
    stranger: NewKey


async def keys_of(api: Edge) -> Keys:
    """One of each."""
    keys = Keys()
    keys.admin = await new_key(api)
    keys.sender = await new_key(api, "default", "events:write")
    keys.checked = await api.house.engine.keys.create("default", verifier=pem_of(private_key()))
    keys.stranger = await new_key(api, "stranger")
    return keys


def unsigned(keys: Keys) -> str:
    """`alg: none`, in the name of the admin."""
    header = b'{"alg":"none","typ":"JWT","kid":"%b"}' % keys.admin.key.id.encode()
    return ".".join([base64url(header), base64url(b'{"role":"admin"}'), ""])


def by_public_text(keys: Keys) -> str:
    """The text of a public key as an HMAC secret."""
    pem = keys.checked.key.verifier or ""
    return raw({"alg": "HS256", "kid": keys.checked.key.id}, b'{"role":"admin"}', pem.encode())


def of(claims: Any, who: str = "admin") -> Callable[[Keys], str]:
    """Claims of any kind that a key did sign."""

    def made(keys: Keys) -> str:
        new: NewKey = getattr(keys, who)
        payload = claims if isinstance(claims, bytes) else msgspec.json.encode(claims)
        return raw({"alg": "HS256", "kid": new.key.id}, payload, new.secret.encode())

    return made


FORGED: dict[str, Callable[[Keys], str]] = {
    "unsigned": unsigned,
    "signed with the text of a public key": by_public_text,
    "signed by RS256 in the name of a key with a secret": lambda keys: jwt.encode(
        ADMIN, private_key(), "RS256", {"kid": keys.admin.key.id}
    ),
    "signed by another key": lambda keys: mint(ADMIN, keys.admin.key.id, keys.sender.secret),
    "of another project": lambda keys: mint(ADMIN, keys.stranger.key.id, keys.stranger.secret),
    "of another project, without kid": lambda keys: jwt.encode(ADMIN, keys.stranger.secret, "HS256"),
    "claims are a list": of(["role", "admin"]),
    "claims are text": of("admin"),
    "claims are null": of(None),
    "claims are no JSON": of(b"{role: admin}"),
    "expired": of({"role": "admin", "exp": 1}),
    "not yet": of({"role": "admin", "nbf": 99_999_999_999}),
    "its end is text": of({"role": "admin", "exp": "never"}),
}
"""What nobody believes, whatever is asked for."""

LESS: dict[str, Callable[[Keys], str]] = {
    "role admin with a key that may only send": of(ADMIN, "sender"),
    "no role": of({"id": "u1"}),
    "role is a list": of({"role": ["admin"]}),
    "role is an object": of({"role": {"admin": True}}),
    "role is true": of({"role": True}),
    "role is another": of({"role": "user"}),
}
"""What may send, and may not configure."""


async def answer(api: Edge, token: str, method: str, path: str, body: bytes = b'{"type":"t"}') -> int:
    """The status of a call with a token; a refusal has its form."""
    request = Request(method, path, body, {"content-type": JSON, "authorization": f"Bearer {token}"})
    got = await call(api, request)
    assert got.status < 300 or SECOND.told(got)
    return got.status


async def test_a_forged_token_opens_nothing(api: Edge) -> None:
    """Neither a queue nor a setting; no body says more than that."""
    keys = await keys_of(api)
    for name, made in FORGED.items():
        token = made(keys)
        for route in routes_of("spacecloud"):
            with naming(f"{name}: {route.method} {route.path}"):
                assert await answer(api, token, route.method, filled(route)) in (401, 403, 500)
    assert await events_of(api) == []
    assert await answer(api, keys.admin.jwt, "POST", SECOND.path) == 200


async def test_a_lesser_token_configures_nothing(api: Edge) -> None:
    """It may queue an event; admins' paths ask for the claim and the scope, both."""
    keys = await keys_of(api)
    for name, made in LESS.items():
        token = made(keys)
        with naming(name):
            for voice in (FIRST, SECOND):
                assert await answer(api, token, "POST", voice.path) == 200
            for route in routes_of("spacecloud"):
                if route.scope == "admin":
                    assert await answer(api, token, route.method, filled(route)) in (401, 403), route.path
    assert len(await events_of(api)) == 2 * len(LESS)


@pytest.mark.parametrize("kid", [True, False])
async def test_a_key_with_a_verifier_speaks_here(api: Edge, kid: bool) -> None:  # noqa: FBT001 - a case
    """Signed by RS256, with its id and without: an admin where it claims so."""
    keys = await keys_of(api)
    token = jwt.encode(
        {"id": "u1", "role": "admin"}, private_key(), "RS256", {"kid": keys.checked.key.id} if kid else None
    )
    for voice in (FIRST, SECOND):
        assert await answer(api, token, "POST", voice.path) == 200
    assert await answer(api, token, "GET", "/v1/config/projects/default/eventing/triggers", b"") == 200
