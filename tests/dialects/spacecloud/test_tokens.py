"""JWTs as Space Cloud's users sign them: with a library, by HS256 or RS256, with `kid` or without."""

from functools import lru_cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ensue.domain.key import Scope
from ensue.engine import tokens
from ensue.engine.keys import NewKey
from tests.dialects.spacecloud.cloud import CONFIG, FIRST, MANY, SECOND, Cloud, told

ADMIN = {"id": "me", "role": "admin"}


@lru_cache
def private_key() -> rsa.RSAPrivateKey:
    """A key pair; the same for the whole run, since making one takes its time."""
    return rsa.generate_private_key(65537, 2048)


def public_pem() -> str:
    """The half that Ensue is shown."""
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def verified_key(cloud: Cloud, *scopes: Scope) -> NewKey:
    """A key whose tokens are signed by the other half."""
    return await cloud.native.house.engine.keys.create("default", scopes, verifier=public_pem())


@pytest.mark.parametrize("headers", [{}, {"kid": True}])
async def test_a_token_of_ones_own_by_hs256(cloud: Cloud, headers: dict[str, Any]) -> None:
    """The secret is all of what was printed; `kid` may be left out."""
    named = {"kid": cloud.key.key.id} if headers else None
    token = jwt.encode(ADMIN, cloud.key.secret, "HS256", headers=named)
    speaker = cloud.with_token(token)
    assert (await speaker.queue(SECOND)).status == 200
    assert (await speaker.queue(FIRST)).status == 200
    assert (await speaker("GET", f"{CONFIG}/eventing/rules")).status == 200


@pytest.mark.parametrize("headers", [{}, {"kid": True}])
async def test_a_token_of_ones_own_by_rs256(cloud: Cloud, headers: dict[str, Any]) -> None:
    """As far as the key's scopes reach; a rule sees its claims."""
    new = await verified_key(cloud, "events:write")
    token = jwt.encode(ADMIN, private_key(), "RS256", headers={"kid": new.key.id} if headers else None)
    rule = {"rule": "match", "type": "string", "eval": "==", "f1": "args.auth.id", "f2": "me"}
    await cloud.set("rules/my_type", rule)
    speaker = cloud.with_token(token)
    assert (await speaker.queue()).status == 200
    assert (await speaker("POST", MANY, {"events": []})).status == 403
    assert (await speaker("GET", f"{CONFIG}/eventing/rules")).status == 401


async def test_a_public_key_is_no_secret(cloud: Cloud) -> None:
    """What everybody may know signs nothing by HMAC, however the header calls it."""
    new = await verified_key(cloud)
    speaker = cloud.with_token(tokens.mint(ADMIN, new.key.id, public_pem()))
    assert told(await speaker.queue())[0] == 500
    assert told(await speaker("POST", MANY, {"events": []}))[0] == 403


async def test_a_key_without_secret_makes_no_tokens(cloud: Cloud) -> None:
    """400 that says what to ask with."""
    new = await verified_key(cloud)
    speaker = cloud.with_token(jwt.encode(ADMIN, private_key(), "RS256", headers={"kid": new.key.id}))
    status, error, _ = told(await speaker("POST", f"{CONFIG}/generate-internal-token"))
    assert status == 400
    assert "secret" in error
