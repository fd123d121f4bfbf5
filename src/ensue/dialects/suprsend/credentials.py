"""Hides how SuprSend's clients say who they are: a workspace key with a signature, a bearer token, a bare public key.

All stand in the header `Authorization`. A workspace's key and secret are the id and the secret of one of our keys.
`x-ss-signature`, by which browsers prove a user where a public key is in secure mode, is not looked at: no key is.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.domain.signed_request import SignedRequest, is_signed
from ensue.engine.keys import Keys
from ensue.http.exchange import Call

LONGEST: Final = 1024
_HOW: Final = "send 'Authorization: <key id>:<signature>' or 'Authorization: Bearer <token>'"


class Named(NamedTuple):
    """Who is named: by the id of a key with a signature, or by a token, which stands `bare` or after `Bearer`."""

    key_id: str = ""
    signature: bytes = b""
    token: str = ""
    bare: bool = False


def named(call: Call) -> Named | None:
    """Whom the header names; None without one, or where it cannot be read."""
    for name, value in call.headers:
        if name == b"authorization":
            return _read(value) if len(value) <= LONGEST else None
    return None


@lru_cache(maxsize=256)  # each header is read twice: before the body and after it
def _read(value: bytes) -> Named | None:
    text = value.decode("latin-1")
    key_id, colon, signature = text.partition(":")
    if colon:
        return Named(key_id=key_id.strip(" \t"), signature=signature.strip(" \t").encode("latin-1"))
    scheme, _, token = text.strip(" \t").partition(" ")
    if scheme.lower() == "bearer":
        return Named(token=token.strip(" \t")) if token else None
    return Named(token=scheme, bare=True) if scheme and not token else None


def at_hand(keys: Keys, call: Call) -> Key | None:
    """The key that is named, if it was looked up before; never waits."""
    who = named(call)
    if who is None:
        return None
    if who.key_id:
        return keys.known_id(who.key_id)
    key = keys.known(who.token)
    return key if key is None or key.public or not who.bare else None


async def looked_up(keys: Keys, call: Call) -> Key:
    """The key that is named. Raises EnsueError `unauthorized`."""
    who = named(call)
    if who is None:
        given = call.header("authorization")
        wrong = "There is no key" if given is None else "The header Authorization is malformed"
        raise EnsueError("unauthorized", f"{wrong}; {_HOW}.")
    if who.key_id:
        return await keys.by_id(who.key_id)
    key = await keys.authenticate(who.token)
    if who.bare and not key.public:
        raise EnsueError("unauthorized", f"The key {key.id} is no public one; {_HOW}.")
    return key


def proved(keys: Keys, call: Call) -> None:
    """Check the signature, where the key is named by its id. Raises EnsueError `unauthorized`."""
    content_type = date = b""
    who: Named | None = None
    for name, value in call.headers:
        if name == b"authorization":
            who = who or _read(value)
        elif name == b"content-type":
            content_type = content_type or value
        elif name == b"date":
            date = date or value
    if who is None or call.key is None:
        raise EnsueError("unauthorized", f"There is no key; {_HOW}.")
    if who.token:
        return
    request = SignedRequest(call.method.encode(), call.raw_path, call.query, content_type, date, call.body)
    if not is_signed(request, keys.secret(call.key).encode(), who.signature):
        message = f"The signature is not that of this request with the secret of {call.key.id}; check the secret."
        raise EnsueError("unauthorized", message)
