"""Hides what a request must prove: a credential in its header, and what the key that it names may do.

A token is looked up by its SHA-256: how long that takes says nothing of how much was guessed (design section 8, Keys).
"""

import re
from functools import lru_cache
from typing import Final

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.domain.member import Caller, reaches
from ensue.http.dialect import Engine
from ensue.http.exchange import Answer, Call, Headers, Route, least_role, problem_answer

PUBLIC_BODY_LIMIT: Final = 16 * 1024
"""The most bytes that a public key may send at once."""

CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="ensue"')

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_LONGEST: Final = 1024
_ALLOWED_HEADERS: Final = b"authorization, content-type, idempotency-key, *"
_HOW: Final = "send 'Authorization: Bearer <token>'"


def bearer(call: Call) -> str | None:
    """The token of `Authorization: Bearer`, None without one or with one that cannot be a token (RFC 6750)."""
    for name, value in call.headers:
        if name == b"authorization":
            return _token(value) if len(value) <= _LONGEST else None
    return None


@lru_cache(maxsize=1024)  # the same few keys come with every request
def _token(value: bytes) -> str | None:
    text = value.decode("latin-1")
    if text[:7].lower() != "bearer ":
        return None
    token = text[7:].strip(" ")
    return token if _TOKEN.fullmatch(token) else None


def known_bearer(engine: Engine, call: Call) -> Key | None:
    """The key of a bearer token, if the engine has it at hand: `Dialect.known` of dialects that use tokens."""
    token = bearer(call)
    return engine.keys.known(token) if token is not None else None


async def bearer_key(engine: Engine, call: Call) -> Key:
    """The key of a bearer token: `Dialect.authenticate` of dialects that use tokens. Raises `unauthorized`."""
    token = bearer(call)
    if token is None:
        given = call.header("authorization")
        wrong = f"There is no key; {_HOW}." if given is None else f"The header Authorization is malformed; {_HOW}."
        raise EnsueError("unauthorized", wrong)
    return engine.keys.known(token) or await engine.keys.authenticate(token)


class ByToken:
    """The half of a dialect that is the same wherever a bearer token stands for the key and refusals are native."""

    signs_bodies = False

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:  # noqa: ARG002 - the protocol's shape
        """As `Dialect.known`."""
        return known_bearer(engine, call)

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:  # noqa: ARG002 - as above
        """As `Dialect.authenticate`."""
        return await bearer_key(engine, call)

    def verify(self, engine: Engine, call: Call) -> None:
        """As `Dialect.verify`: a token is proof enough."""

    def problem(self, error: EnsueError, call: Call) -> Answer:  # noqa: ARG002 - as above
        """As `Dialect.problem`, in the native form."""
        return problem_answer(error)


def admit(key: Key, route: Route, call: Call) -> None:
    """Let the key do what the route does, or raise EnsueError `forbidden`."""
    if isinstance(key, Caller):
        _admit_member(key, route)
        return
    if key.public:
        _admit_public(key, route, call)
    if route.scope is None:
        if route.role is not None or route.personal:
            raise EnsueError("forbidden", "This is for people: sign in instead of sending a key.")
    elif not key.may(route.scope):
        raise EnsueError("forbidden", f"The key {key.id} lacks the scope '{route.scope}'; use one that has it.")


def _admit_member(caller: Caller, route: Route) -> None:
    needed = least_role(route)
    if needed is not None and not reaches(caller.role, needed):
        message = f"You are {caller.role or 'nobody'} in this project; this needs the role '{needed}'."
        raise EnsueError("forbidden", message)


def _admit_public(key: Key, route: Route, call: Call) -> None:
    if not route.public:
        raise EnsueError("forbidden", f"The key {key.id} is public: it may only send events.")
    origin = call.header("origin")
    if key.origins and origin not in key.origins:
        if origin is None:
            message = f"The public key {key.id} is for pages of its origins; elsewhere use a key that is not public."
        else:
            message = f"The public key {key.id} is not for {origin[:100]!r}; add it to the key's origins."
        raise EnsueError("forbidden", message)


def body_limit(route: Route, key: Key | None) -> int:
    """The most bytes of body that this key may send here; 0 where no body is read."""
    limit = route.body_limit or 0
    return min(limit, PUBLIC_BODY_LIMIT) if key is not None and key.public else limit


def preflight(method: str, public: bool) -> Answer:  # noqa: FBT001 - a fact of the route
    """The answer to a browser that asks whether a page of another origin may send here.

    Any origin may ask, since the preflight names no key: the key's own list is checked when it sends.
    """
    if not public:
        return Answer(204, content_type=None)
    headers: Headers = (
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", method.encode("ascii")),
        (b"access-control-allow-headers", _ALLOWED_HEADERS),
        (b"access-control-max-age", b"86400"),
    )
    return Answer(204, b"", headers, None)
